/** The rail at the side: what colours mean, and filters by clicking on it. */

import { titled } from "../data/columns";
import type { Column } from "../data/columns";
import type { Legend } from "../colour/scale";
import { OTHER } from "../colour/palette";
import { grouped, line } from "../text/safe";
import { tr } from "../text/words";
import type { Filter, Filters } from "../state/query";
import type { App } from "./app";
import { button, choice, h, replace, s } from "./dom";
import { markIcon } from "./marks";

export function legendPanel(app: App): HTMLElement {
  const body = h("div", { class: "legend-body" });
  const picker = choice(
    tr("Colour by"),
    [...app.columns.map((c) => [c.key, app.columnLabel(c)] as const), ["", tr("one colour")]],
    app.state.colour,
    (colour) => app.store.set({ colour }),
  );
  const element = h(
    "section",
    { class: "rail", "aria-label": tr("Legend") },
    h("label", { class: "field" }, h("span", { class: "caption" }, tr("Colour by")), picker),
    body,
  );
  const show = () => {
    picker.value = app.state.colour;
    replace(body, ...content(app));
  };
  app.store.subscribe((_, changed) => {
    if (changed.has("colour") || changed.has("filters")) show();
  });
  app.onTheme(show);
  show();
  return element;
}

function content(app: App): (Node | null)[] {
  const { legend } = app.painting();
  const column = app.column(app.state.colour);
  if (column === null || legend.kind === "none") return [];
  return legend.kind === "groups" ? groups(app, column, legend) : [ramp(column, legend)];
}

function groups(app: App, column: Column, legend: Legend & { kind: "groups" }): (Node | null)[] {
  const filter = app.state.filters[column.key];
  const wanted = new Set(filter?.kind === "in" ? filter.values : []);
  const row = (value: string, label: string, icon: Node, count: number) => {
    const on = wanted.has(value);
    const element = button(
      {
        class: "legend-row",
        "aria-pressed": on ? "true" : "false",
        title: on ? tr("Show all again") : tr("Show only {name}; Shift for several, double click to select", { name: label }),
      },
      [icon, h("bdi", { class: "name" }, label), h("span", { class: "count" }, grouped(count))],
      (event) => {
        app.store.set({ filters: toggled(app.state.filters, column.key, value, event.shiftKey || event.ctrlKey || event.metaKey) });
      },
    );
    if (wanted.size > 0 && !on) element.classList.add("off");
    element.addEventListener("dblclick", () => app.select(members(column, value)));
    return h("li", {}, element);
  };
  const rest = legend.others;
  return [
    h(
      "ul",
      { class: "legend-list" },
      ...legend.rows.map((r) =>
        row(r.name, titled(column.key, r.name, 60), markIcon(r.mark.colour, r.mark.shape), r.count),
      ),
      rest === null
        ? null
        : h(
            "li",
            { class: "legend-row still" },
            markIcon(OTHER[app.theme], 0),
            h("span", {}, tr("{n} smaller group|{n} smaller groups", { n: rest.groups })),
            h("span", { class: "count" }, grouped(rest.models)),
          ),
      legend.missing === 0
        ? null
        : row("", tr("not known"), markIcon(OTHER[app.theme], 0, true), legend.missing),
    ),
    wanted.size === 0
      ? null
      : button({ class: "quiet" }, tr("Show all"), () =>
          app.store.set({ filters: without(app.state.filters, column.key) }),
        ),
  ];
}

function members(column: Column, value: string): number[] {
  const rank = value === "" ? Number.NaN : column.categories.indexOf(value);
  const found: number[] = [];
  column.number.forEach((v, i) => {
    if (v === rank || (Number.isNaN(rank) && Number.isNaN(v))) found.push(i);
  });
  return found;
}

export function without(filters: Filters, key: string): Filters {
  return Object.fromEntries(Object.entries(filters).filter(([k]) => k !== key));
}

/** Filters after a click on a value: alone, or one more or less with `several`. */
export function toggled(filters: Filters, key: string, value: string, several: boolean): Filters {
  const old = filters[key];
  const values = old?.kind === "in" ? old.values : [];
  const on = values.includes(value);
  const next = several
    ? on ? values.filter((v) => v !== value) : [...values, value]
    : on && values.length === 1 ? [] : [value];
  const filter: Filter = { kind: "in", values: next };
  return next.length === 0 ? without(filters, key) : { ...filters, [key]: filter };
}

function ramp(column: Column, legend: Legend & { kind: "ramp" }): HTMLElement {
  const id = "ramp-colours";
  const strip = s(
    "svg",
    { class: "ramp", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    s(
      "linearGradient",
      { id },
      ...legend.stops.map((colour, k) =>
        s("stop", { offset: k / (legend.stops.length - 1), "stop-color": colour }),
      ),
    ),
    s("rect", { width: 100, height: 10, fill: `url(#${id})` }),
  );
  const ticks = h("div", { class: "ticks" });
  for (const tick of legend.ticks) {
    const mark = h("span", {}, tick.label);
    mark.style.setProperty("inset-inline-start", `${Math.max(0, Math.min(1, tick.at)) * 100}%`);
    ticks.append(mark);
  }
  const words = [
    legend.log ? tr("equal steps are equal ratios") : null,
    legend.missing > 0 ? tr("hollow: not known ({n})", { n: legend.missing }) : null,
  ].filter((w) => w !== null);
  return h(
    "div",
    { class: "ramp-box", role: "img", "aria-label": tr("Colours of {name} from {a} to {b}", { name: line(column.label, 60), a: legend.ticks[0]?.label ?? "", b: legend.ticks.at(-1)?.label ?? "" }) },
    strip,
    ticks,
    words.length > 0 ? h("p", { class: "hint" }, words.join("; ")) : null,
  );
}
