/** Ranges of dates and numbers: two ends to pull, and a button that plays time. */

import type { Column } from "../data/columns";
import { figure } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, choice, h, replace } from "./dom";
import { without } from "./legend";

const STEPS = 200;
const TICK = 120;

/** The panel, or an empty element where no column has a range. */
export function timePanel(app: App): HTMLElement {
  const columns = app.columns.filter((c) => c.kind !== "category" && c.extent !== null && c.extent[0] < c.extent[1]);
  const element = h("section", { class: "range-panel", "aria-label": tr("Dates and numbers") });
  if (columns.length === 0) {
    element.hidden = true;
    return element;
  }
  let column = columns.find((c) => c.kind === "date") ?? (columns[0] as Column);
  let playing: ReturnType<typeof setInterval> | undefined;
  const body = h("div", {});
  const stop = () => {
    clearInterval(playing);
    playing = undefined;
  };
  const show = () => replace(body, ...slider(app, column, () => playing !== undefined, (on) => {
    stop();
    if (on) playing = setInterval(() => {
      if (!advance(app, column)) {
        stop();
        show();
      }
    }, TICK);
    show();
  }));
  const picker = choice(tr("Range of"), columns.map((c) => [c.key, app.columnLabel(c)] as const), column.key, (key) => {
    stop();
    column = columns.find((c) => c.key === key) ?? column;
    show();
  });
  replace(element, h("label", { class: "field" }, h("span", { class: "caption" }, tr("Range of")), picker), body);
  app.store.subscribe((_, changed) => {
    if (changed.has("filters") && !element.contains(document.activeElement)) show();
  });
  show();
  return element;
}

function ends(app: App, column: Column): [number, number] {
  const [low, high] = column.extent ?? [0, 1];
  const filter = app.state.filters[column.key];
  return filter?.kind === "range" ? [filter.low ?? low, filter.high ?? high] : [low, high];
}

function set(app: App, column: Column, from: number, to: number): void {
  const [low, high] = column.extent ?? [0, 1];
  const rest = without(app.state.filters, column.key);
  const whole = from <= low && to >= high;
  app.store.set({ filters: whole ? rest : { ...rest, [column.key]: { kind: "range", low: from <= low ? null : from, high: to >= high ? null : to } } });
}

/** One step on in time; false at the end. */
function advance(app: App, column: Column): boolean {
  const [low, high] = column.extent ?? [0, 1];
  const [from, to] = ends(app, column);
  const next = Math.min(high, to + (high - low) / 60);
  set(app, column, from, next);
  return next < high;
}

function slider(app: App, column: Column, isPlaying: () => boolean, play: (on: boolean) => void): Node[] {
  const [low, high] = column.extent ?? [0, 1];
  const [from, to] = ends(app, column);
  // Sizes span orders of magnitude: steps are of equal ratio there.
  const log = column.kind === "number" && low > 0 && high / low > 100;
  const at = (v: number) => Math.round(STEPS * (log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low)));
  const value = (k: number) => (k <= 0 ? low : k >= STEPS ? high : log ? low * (high / low) ** (k / STEPS) : low + ((high - low) * k) / STEPS);
  const said = (v: number) => (column.kind === "date" ? new Date(v).toISOString().slice(0, 7) : figure(v));
  const name = app.columnLabel(column);
  const input = (label: string, v: number) => {
    const element = h("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": label });
    element.value = String(at(v));
    element.setAttribute("aria-valuetext", said(v));
    return element;
  };
  const first = input(tr("{name}: from", { name }), from);
  const last = input(tr("{name}: to", { name }), to);
  const words = h("span", { class: "range-words" }, `${said(from)} – ${said(to)}`);
  const take = () => {
    const [a, b] = [Number(first.value), Number(last.value)].sort((x, y) => x - y) as [number, number];
    set(app, column, value(a), value(b));
    words.textContent = `${said(value(a))} – ${said(value(b))}`;
    first.setAttribute("aria-valuetext", said(value(Number(first.value))));
    last.setAttribute("aria-valuetext", said(value(Number(last.value))));
  };
  first.addEventListener("input", take);
  last.addEventListener("input", take);
  const player = column.kind !== "date" ? null
    : button({ class: "tool", "aria-pressed": String(isPlaying()) }, isPlaying() ? tr("Stop") : tr("Play"), () => {
        // Played from the beginning, so that the first models come first.
        if (!isPlaying() && ends(app, column)[1] >= high) set(app, column, low, low + (high - low) / 60);
        play(!isPlaying());
      });
  return [first, last, h("div", { class: "range-row" }, words, player)];
}
