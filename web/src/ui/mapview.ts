/** The map: every model a point. */

import KDBush from "kdbush";
import { rgb } from "../colour/palette";
import { FADED, MISSING, SELECTED } from "../gl/scene";
import type { Transform } from "../gl/scene";
import { line, plural } from "../text/safe";
import { inside, panned, scaled, showing, transform, zoomed } from "../view/camera";
import type { Fit } from "../view/camera";
import { listen } from "../view/gestures";
import { Plot } from "../view/plot";
import type { App } from "./app";
import { button, choice, h } from "./dom";
import { outline } from "../gl/canvas";
import { drawLabels, inks } from "./labels";
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
      "Map of models. Arrow keys move it, plus and minus zoom, 0 shows all. Models can be chosen with the table as well.",
      (context) => this.draw(context),
    );
    this.tip = new Tip(app, this.plot.element);
    const picker = choice(
      "Projection",
      maps.map((m) => [m.key, line(m.label, 40)] as const),
      app.state.map,
      (map) => app.store.set({ map, mapCamera: null }),
    );
    this.lassoButton = button(
      { class: "tool", "aria-pressed": "false", title: "Draw round models to select them (L, or hold Shift)" },
      "Lasso",
      () => this.toggleLasso(),
    );
    this.note = h("p", { class: "note" });
    this.element = h(
      "section",
      { class: "panel map-panel", "aria-label": "Map" },
      h(
        "header",
        { class: "panel-head" },
        h("h2", {}, "Map"),
        maps.length > 0 ? picker : null,
        h("span", { class: "spacer" }),
        this.lassoButton,
        button({ class: "tool", title: "Zoom to the selection (F), or to everything (0)" }, "Fit", () => this.fit()),
      ),
      maps.length > 0 ? this.plot.element : h("p", { class: "empty" }, "There is no map in these data."),
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
    this.app.say(on ? "Lasso on: draw round models to select them" : "Lasso off");
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
    this.note.textContent = line(map.note, 400);
    this.note.title = this.note.textContent;
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
        rest: app.state.selection.length > 0 ? 0.35 : 0.92,
        ring: hex(this.inks.ink), paper: hex(this.inks.paper),
      },
    );
    this.annotate(context, t);
  }

  private annotate(context: CanvasRenderingContext2D, t: Transform): void {
    const { app, plot } = this;
    const labels: Label[] = [];
    const put = (i: number, strong = false) =>
      labels.push({ text: app.label(i), x: t.ox + t.sx * (this.x[i] ?? 0), y: t.oy + t.sy * (this.y[i] ?? 0), strong });
    for (const i of [app.hover, app.state.active]) if (i !== null) put(i, true);
    const { selection } = app.state;
    if (selection.length > 0 && selection.length <= 60) for (const i of selection) put(i);
    else if (this.x.length <= 60) for (let i = 0; i < this.x.length; i++) put(i);
    else this.inView(t, 40).forEach((i) => put(i));
    const groups = selection.length === 0 ? this.groupLabels(t) : [];
    drawLabels(context, groups, { ...this.inks, font: this.inks.small.replace("11px", "600 11px") }, plot.width, plot.height, "centre");
    const few = this.x.length <= 60;
    const points = few ? [...this.x].map((x, i) => [t.ox + t.sx * x, t.oy + t.sy * (this.y[i] ?? 0)] as const) : [];
    drawLabels(context, labels, this.inks, plot.width, plot.height, "beside", points);
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

  /** Names of large groups where their models are densest: at the member nearest to the medians. */
  private groupLabels(t: Transform): Label[] {
    const { legend, group } = this.app.painting();
    if (legend.kind !== "groups" || this.x.length <= 60 || this.plot.width < 260) return [];
    return this.middles(group, Math.min(legend.rows.length, 14)).flatMap((place, k): Label[] => {
      if (place === null) return [];
      // Above the members, so that it does not hide a small group.
      return [{ text: line(legend.rows[k]?.name ?? "", 24), x: t.ox + t.sx * place[0], y: t.oy + t.sy * place[1] - this.size() - 9 }];
    });
  }

  private known: { keys: readonly unknown[]; places: readonly ([number, number] | null)[] } | null = null;

  /** Medians of the groups' members that pass the filters, kept while nothing of that changes. */
  private middles(group: Int32Array, most: number): readonly ([number, number] | null)[] {
    const keys = [group, this.app.matches(), this.x];
    if (this.known !== null && this.known.keys.every((k, i) => k === keys[i])) return this.known.places;
    const members: number[][] = Array.from({ length: most }, () => []);
    const matches = this.app.matches();
    group.forEach((k, i) => {
      if (k >= 0 && k < most && matches[i]) members[k]?.push(i);
    });
    const places = members.map((list): [number, number] | null => {
      if (list.length < 4) return null;
      const middle = (values: Float32Array) => {
        const sorted = list.map((i) => values[i] ?? 0).sort((a, b) => a - b);
        return sorted[sorted.length >> 1] ?? 0;
      };
      return [middle(this.x), middle(this.y)];
    });
    this.known = { keys, places };
    return places;
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
        app.say(`${plural(app.state.selection.length, "model")} selected`);
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
