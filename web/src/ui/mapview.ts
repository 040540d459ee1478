/** The map: every model a point. */

import KDBush from "kdbush";
import { rgb } from "../colour/palette";
import { FADED, MISSING, SELECTED } from "../gl/scene";
import type { Transform } from "../gl/scene";
import { mark } from "../colour/palette";
import { neutral } from "../data/columns";
import { line } from "../text/safe";
import { share, tr } from "../text/words";
import { patches } from "../view/places";
import type { Patch } from "../view/places";
import { begin, fillMark, ring } from "./kinmarks";
import { mapPng, mapSvg } from "./pictures";
import { inside, panned, scaled, showing, transform, zoomed } from "../view/camera";
import type { Fit } from "../view/camera";
import { listen } from "../view/gestures";
import { Plot } from "../view/plot";
import type { App } from "./app";
import { button, choice, h } from "./dom";
import { outline } from "../gl/canvas";
import { cut, drawLabels, inks } from "./labels";
import type { Inks, Label } from "./labels";
import { Tip } from "./tip";

export class MapView {
  readonly element: HTMLElement;
  readonly plot: Plot;
  private x = new Float32Array();
  private y = new Float32Array();
  private index: KDBush | null = null;
  private lassoing = false;
  private looksDirty = true;
  private inks: Inks;
  private readonly tip: Tip;
  private readonly lassoButton: HTMLButtonElement;
  private readonly note: HTMLElement;
  private bounds: [number, number, number, number] = [-1, -1, 1, 1];

  constructor(private readonly app: App) {
    const { maps } = app.atlas;
    this.plot = new Plot(
      tr("Map of models. Arrow keys move it, plus and minus zoom, 0 shows all. Models can be chosen with the table as well."),
      (context) => this.draw(context),
    );
    this.tip = new Tip(app, this.plot.element);
    const picker = choice(
      tr("Projection"),
      maps.map((m) => [m.key, line(m.label, 40)] as const),
      app.state.map,
      (map) => app.store.set({ map, mapCamera: null }),
    );
    this.lassoButton = button(
      { class: "tool", "aria-pressed": "false", title: tr("Draw round models to select them (L, or hold Shift)") },
      tr("Lasso"),
      () => this.toggleLasso(),
    );
    this.note = h("p", { class: "note" });
    this.element = h(
      "section",
      { class: "panel map-panel", "aria-label": tr("Map") },
      h(
        "header",
        { class: "panel-head" },
        h("h2", {}, tr("Map")),
        maps.length > 0 ? picker : null,
        h("span", { class: "spacer" }),
        this.lassoButton,
        button({ class: "tool save", title: tr("Save the map as a PNG picture") }, "PNG", () => mapPng(this.plot, app.atlas.title)),
        button({ class: "tool save", title: tr("Save the map as an SVG picture") }, "SVG", () => mapSvg(app, this.x, this.y)),
        button({ class: "tool", title: tr("Zoom to the selection (F), or to everything (0)") }, tr("Fit"), () => this.fit()),
      ),
      maps.length > 0 ? this.plot.element : h("p", { class: "empty" }, tr("There is no map in these data.")),
      this.note,
    );
    this.inks = inks(document.body);
    this.take();
    this.listen();
    app.store.subscribe((_, changed) => {
      if (changed.has("map")) {
        picker.value = app.state.map;
        this.take();
      }
      const looks = ["colour", "selection", "query", "filters"] as const;
      if (looks.some((key) => changed.has(key))) this.looksDirty = true;
      const drawn = ["map", "mapCamera", "active", ...looks] as const;
      if (drawn.some((key) => changed.has(key))) this.plot.schedule();
    });
    app.onKin(() => {
      this.plot.schedule();
    });
    app.onHover(() => this.plot.schedule());
    app.onTheme(() => {
      this.inks = inks(document.body);
      this.looksDirty = true;
      this.plot.schedule();
    });
  }

  toggleLasso(on = !this.lassoing): void {
    this.lassoing = on;
    this.lassoButton.setAttribute("aria-pressed", on ? "true" : "false");
    this.plot.element.classList.toggle("lassoing", on);
    this.app.say(on ? tr("Lasso on: draw round models to select them") : tr("Lasso off"));
  }

  /** Zooms to the selection, or to everything when that is shown already or nothing is selected. */
  fit(): void {
    const { selection, mapCamera } = this.app.state;
    if (selection.length === 0) {
      this.app.store.set({ mapCamera: null });
      return;
    }
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const i of selection) {
      const [x, y] = [this.x[i] ?? 0, this.y[i] ?? 0];
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    }
    const next = showing(this.fitting(), [x0, y0, x1, y1], 12);
    const same = mapCamera !== null && Math.abs(mapCamera.x - next.x) < 1e-6 && mapCamera.kx === next.kx;
    this.app.store.set({ mapCamera: same ? null : next });
  }

  private take(): void {
    const map = this.app.atlas.maps.find((m) => m.key === this.app.state.map) ?? this.app.atlas.maps[0];
    if (map === undefined) return;
    this.x = Float32Array.from(map.x);
    // Upwards in the data is upwards on the page.
    this.y = Float32Array.from(map.y, (v) => -v);
    this.note.textContent = `${tr("{share} of each model's {near} nearest are its nearest here; near points are alike, far ones say little.", { share: share(map.kept), near: map.near })}`;
    this.note.title = line(map.note, 400);
    const index = new KDBush(Math.max(1, this.x.length));
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < this.x.length; i++) {
      const [x, y] = [this.x[i] ?? 0, this.y[i] ?? 0];
      index.add(x, y);
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    }
    if (this.x.length === 0) index.add(0, 0);
    this.index = index.finish();
    this.bounds = x1 > x0 || y1 > y0 ? [x0, y0, x1, y1] : [x0 - 1, y0 - 1, x0 + 1, y0 + 1];
    this.plot.scene.setPoints({ x: this.x, y: this.y, ...this.looks() });
    this.looksDirty = false;
  }

  private looks(): { look: Uint8Array; shape: Uint8Array } {
    const painting = this.app.painting();
    const matches = this.app.matches();
    const selected = this.app.selected();
    const look = new Uint8Array(4 * this.x.length);
    for (let i = 0; i < this.x.length; i++) {
      look[4 * i] = painting.rgb[3 * i] ?? 0;
      look[4 * i + 1] = painting.rgb[3 * i + 1] ?? 0;
      look[4 * i + 2] = painting.rgb[3 * i + 2] ?? 0;
      look[4 * i + 3] =
        (selected[i] ? SELECTED : 0) | (matches[i] ? 0 : FADED) | (painting.missing[i] ? MISSING : 0);
    }
    return { look, shape: painting.shape };
  }

  private fitting(): Fit {
    const pad = Math.min(28, this.plot.width / 12);
    return {
      bounds: this.bounds, width: this.plot.width, height: this.plot.height,
      inset: [pad, pad, pad, pad], uniform: true,
    };
  }

  private at(): Transform {
    return transform(this.fitting(), this.app.state.mapCamera);
  }

  private size(): number {
    const n = this.x.length;
    const base = n <= 60 ? 11 : n <= 400 ? 9 : n <= 2500 ? 7 : n <= 20_000 ? 4.6 : 2.6;
    return Math.min(14, base * Math.min(3, (this.app.state.mapCamera?.kx ?? 1) ** 0.3));
  }

  private draw(context: CanvasRenderingContext2D): void {
    const { plot, app } = this;
    if (this.looksDirty) {
      const { look, shape } = this.looks();
      plot.scene.setLooks(look, shape);
      this.looksDirty = false;
    }
    const t = this.at();
    const ratio = plot.ratio;
    const hex = (text: string) => rgb(text).map((v) => v / 255) as [number, number, number];
    plot.scene.draw(
      Math.round(plot.width * ratio), Math.round(plot.height * ratio), scaled(t, ratio),
      {
        size: this.size() * ratio, width: ratio,
        rest: app.state.selection.length > 1 ? 0.35 : app.kin !== null ? 0.55 : 0.92,
        ring: hex(this.inks.ink), paper: hex(this.inks.paper),
      },
    );
    this.annotate(context, t);
  }

  private annotate(context: CanvasRenderingContext2D, t: Transform): void {
    const { app, plot } = this;
    this.drawKin(context, t);
    const labels: Label[] = [];
    const put = (i: number, strong = false) =>
      labels.push({ text: app.label(i), x: t.ox + t.sx * (this.x[i] ?? 0), y: t.oy + t.sy * (this.y[i] ?? 0), strong });
    for (const i of [app.hover, app.state.active]) if (i !== null) put(i, true);
    const { selection } = app.state;
    if (selection.length > 1 && selection.length <= 60) for (const i of selection) put(i);
    else if (this.x.length <= 60) for (let i = 0; i < this.x.length; i++) put(i);
    else this.inView(t, 40).forEach((i) => put(i));
    const groups = this.groupLabels(t);
    drawLabels(context, groups, { ...this.inks, font: this.inks.small.replace("11px", "600 11px") }, plot.width, plot.height, { align: "centre" });
    const few = this.x.length <= 60;
    const points = few ? [...this.x].map((x, i) => [t.ox + t.sx * x, t.oy + t.sy * (this.y[i] ?? 0)] as const) : [];
    drawLabels(context, labels, this.inks, plot.width, plot.height, { points });
    for (const i of [app.state.active, app.hover]) {
      if (i === null) continue;
      context.beginPath();
      context.lineWidth = 2;
      context.strokeStyle = this.inks.accent;
      outline(context, 0, t.ox + t.sx * (this.x[i] ?? 0), t.oy + t.sy * (this.y[i] ?? 0), this.size() / 2 + 5);
      context.stroke();
    }
  }

  /** The models in view when they are few. */
  private inView(t: Transform, most: number): number[] {
    if (this.index === null || (this.app.state.mapCamera?.kx ?? 1) < 3) return [];
    const found = this.index.range(
      -t.ox / t.sx, -t.oy / t.sy, (this.plot.width - t.ox) / t.sx, (this.plot.height - t.oy) / t.sy,
    );
    return found.length <= most ? found : [];
  }

  private known: { keys: readonly unknown[]; found: readonly Patch[] } | null = null;

  /** Names of groups at every zoom: one for each patch of a group's models, largest first. */
  private groupLabels(t: Transform): Label[] {
    const { app } = this;
    const column = app.column(app.state.colour);
    if (column === null || column.kind !== "category" || this.x.length <= 12) return [];
    // Patches change in steps of a third of an octave, so that moving the map computes nothing.
    const step = 2 ** (Math.round(3 * Math.log2(34 / Math.abs(t.sx))) / 3);
    const keys = [column, app.matches(), this.x, step];
    if (this.known === null || !this.known.keys.every((k, i) => k === keys[i])) {
      const matches = app.matches();
      const alone = column.categories.findIndex((c) => neutral(column.key, c));
      const group = (i: number) => (matches[i] && column.number[i] !== alone ? (column.number[i] ?? Number.NaN) : Number.NaN);
      this.known = { keys, found: patches(this.x, this.y, group, step, this.x.length <= 200 ? 1 : 2) };
    }
    const { theme } = app;
    const named = new Map<number, [number, number][]>();
    const shown: Label[] = [];
    for (const patch of this.known.found) {
      const [x, y] = [t.ox + t.sx * patch.x, t.oy + t.sy * patch.y];
      if (x < -60 || y < -10 || x > this.plot.width + 60 || y > this.plot.height + 10) continue;
      // One name does for patches of a group that lie close together.
      const others = named.get(patch.group) ?? [];
      if (others.some(([a, b]) => Math.hypot(a - x, b - y) < 90)) continue;
      named.set(patch.group, [...others, [x, y]]);
      shown.push({ text: cut(app.brief(column, patch.group), 26), x, y: y - this.size() - 8, mark: mark(patch.group, theme) });
      if (shown.length > 160) break;
    }
    return shown;
  }

  /** Lines to the relatives of the chosen model, their rings and ranks. */
  private drawKin(context: CanvasRenderingContext2D, t: Transform): void {
    const { kin } = this.app;
    if (kin === null) return;
    const place = (i: number): [number, number] => [t.ox + t.sx * (this.x[i] ?? 0), t.oy + t.sy * (this.y[i] ?? 0)];
    const centre = kin.index === null ? this.newcomer(kin.relatives.map((r) => r.index), place) : place(kin.index);
    if (centre === null) return;
    const style = getComputedStyle(this.plot.element);
    const painting = this.app.painting();
    context.save();
    const listed = [...kin.relatives].slice(0, 10);
    for (const r of [...listed].reverse()) {
      begin(context, style, r.verdict);
      context.beginPath();
      context.moveTo(...centre);
      context.lineTo(...place(r.index));
      context.stroke();
    }
    const radius = this.size() / 2;
    listed.forEach((r, k) => {
      const colour = `rgb(${painting.rgb[3 * r.index]} ${painting.rgb[3 * r.index + 1]} ${painting.rgb[3 * r.index + 2]})`;
      context.setLineDash([]);
      fillMark(context, painting.shape[r.index] ?? 0, ...place(r.index), radius, colour);
      begin(context, style, r.verdict);
      ring(context, ...place(r.index), radius + 4, k + 1, this.inks.paper);
    });
    context.setLineDash([]);
    if (kin.index === null) {
      fillMark(context, 3, ...centre, radius + 4, this.inks.accent);
      drawLabels(context, [{ text: line(kin.name, 40), x: centre[0], y: centre[1], strong: true }], this.inks, this.plot.width, this.plot.height);
    }
    context.restore();
  }

  /** A newcomer has no place of its own: the mean of its three nearest, weighed by rank. */
  private newcomer(nearest: readonly number[], place: (i: number) => [number, number]): [number, number] | null {
    const three = nearest.slice(0, 3).map(place);
    if (three.length === 0) return null;
    const total = three.reduce((sum, _, k) => sum + 1 / (k + 1), 0);
    return [0, 1].map((axis) => three.reduce((sum, at, k) => sum + (at[axis] ?? 0) / (k + 1), 0) / total) as [number, number];
  }

  private near(px: number, py: number): number | null {
    if (this.index === null || this.x.length === 0) return null;
    const t = this.at();
    const reach = 12;
    let best: number | null = null;
    let least = Infinity;
    const matches = this.app.matches();
    const found = this.index.range(
      (px - reach - t.ox) / t.sx, (py - reach - t.oy) / t.sy,
      (px + reach - t.ox) / t.sx, (py + reach - t.oy) / t.sy,
    );
    for (const i of found) {
      // A model that is filtered out is chosen only where no other is as near.
      const d = Math.hypot(t.ox + t.sx * (this.x[i] ?? 0) - px, t.oy + t.sy * (this.y[i] ?? 0) - py) + (matches[i] ? 0 : reach);
      if (d < least) [least, best] = [d, i];
    }
    return best;
  }

  private listen(): void {
    const { app, plot } = this;
    const move = (dx: number, dy: number) =>
      app.store.set({ mapCamera: panned(this.fitting(), app.state.mapCamera, dx, dy) });
    const zoom = (x: number, y: number, f: number) =>
      app.store.set({ mapCamera: zoomed(this.fitting(), app.state.mapCamera, x, y, f, f) });
    listen(plot.surface, {
      pan: move,
      zoom: (x, y, factor) => zoom(x, y, factor),
      hover: (x, y) => {
        const i = this.near(x, y);
        app.setHover(i);
        this.tip.show(i, x, y);
        plot.surface.classList.toggle("pointing", i !== null);
      },
      leave: () => {
        app.setHover(null);
        this.tip.hide();
      },
      pick: (x, y, how) => {
        const i = this.near(x, y);
        if (i === null) {
          if (how === "replace") app.select([]);
          return;
        }
        app.select([i], how === "add" ? "toggle" : how);
        app.store.set({ active: i });
      },
      open: (x, y) => {
        const i = this.near(x, y);
        if (i !== null) app.go({ page: "model", index: i, other: null });
        else zoom(x, y, 2);
      },
      lasso: (polygon, how) => {
        plot.showLasso(how === null ? polygon : null);
        if (how === null) return;
        const t = this.at();
        const matches = app.matches();
        const chosen: number[] = [];
        for (let i = 0; i < this.x.length; i++)
          if (matches[i] && inside(polygon, t.ox + t.sx * (this.x[i] ?? 0), t.oy + t.sy * (this.y[i] ?? 0)))
            chosen.push(i);
        app.select(chosen, how);
        if (this.lassoing) this.toggleLasso(false);
      },
      key: (event) => {
        const step = 40;
        const keys: Record<string, () => void> = {
          ArrowLeft: () => move(step, 0), ArrowRight: () => move(-step, 0),
          ArrowUp: () => move(0, step), ArrowDown: () => move(0, -step),
          "+": () => zoom(plot.width / 2, plot.height / 2, 1.4), "=": () => zoom(plot.width / 2, plot.height / 2, 1.4),
          "-": () => zoom(plot.width / 2, plot.height / 2, 1 / 1.4),
          "0": () => app.store.set({ mapCamera: null }),
        };
        if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return false;
        keys[event.key]?.();
        return true;
      },
      lassoing: () => this.lassoing,
    });
  }
}
