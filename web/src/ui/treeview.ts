/** The tree: drawing, choosing, and the bar of what can be done with a clade. */

import KDBush from "kdbush";
import { rgb } from "../colour/palette";
import { scaled, inside, panned, showing, transform, zoomed } from "../view/camera";
import type { Fit } from "../view/camera";
import { listen } from "../view/gestures";
import { Plot } from "../view/plot";
import type { Transform } from "../gl/scene";
import { share, tr } from "../text/words";
import { folded } from "../tree/fold";
import { level } from "../tree/detail";
import { drawing } from "../tree/layout";
import { boxOf, nearestNode, step } from "../tree/walk";
import { pointSize, treeFit } from "../view/treefit";
import { LAYOUTS, treeNote } from "./treenote";
import { handOver } from "./treescene";
import { treeHead } from "./treehead";
import type { TreeHead } from "./treehead";
import type { Drawing } from "../tree/layout";
import { gathered, tips } from "../tree/paint";
import type { Below, Tips } from "../tree/paint";
import { has, models } from "../tree/tree";
import type { Tree } from "../tree/tree";
import type { App } from "./app";
import { h, replace } from "./dom";
import { inks } from "./labels";
import type { Inks } from "./labels";
import { RoomNote } from "./roomnote";
import { Tip } from "./tip";
import { annotate, cladeName } from "./treelabels";
import { mapPng } from "./pictures";
import { cladeBar } from "./cladebar";

/** Rows that a folded tree may have: about what can be told apart without zooming. */
const FOLDED_ROWS = 90;

export interface Drawn {
  readonly tree: Tree;
  readonly drawn: Drawing;
  readonly tips: Tips;
  readonly below: Below;
}

export class TreeView {
  readonly element: HTMLElement;
  readonly plot: Plot;
  private current: Drawn | null = null;
  private index: KDBush | null = null;
  /** Node that the keyboard and the bar are at. */
  private node: number | null = null;
  private hoverNode: number | null = null;
  private dirty: "layout" | "looks" | null = "layout";
  private inks: Inks;
  /** Detail that the scene holds; null when it must be given anew. */
  private level: number | null = null;
  private lassoing = false;
  private readonly room = new RoomNote();
  private readonly tip: Tip;
  private readonly bar: HTMLElement;
  private readonly note = h("p", { class: "note" });
  private readonly head: TreeHead;

  constructor(private readonly app: App) {
    this.plot = new Plot(
      tr("Tree of models. Arrow keys walk along it: left to the parent, right to the children, up and down to the neighbours. Enter opens a model or a clade, Space selects, C collapses, R roots there."),
      (context) => this.draw(context),
    );
    this.tip = new Tip(app, this.plot.element);
    this.plot.element.append(this.room.element);
    this.bar = h("div", { class: "clade-bar", hidden: true });
    const { tree } = app.atlas;
    this.head = treeHead(app, {
      lasso: () => this.toggleLasso(), fit: () => this.fit(), png: () => mapPng(this.plot, `${app.atlas.title}-tree`),
    });
    this.element = h(
      "section",
      { class: "panel tree-panel", "aria-label": tr("Tree") },
      this.head.element,
      tree ? this.plot.element : h("p", { class: "empty" }, tr("There is no tree in these data.")),
      this.bar,
      tree ? this.note : null,
    );
    this.inks = inks(document.body);
    this.note.textContent = treeNote(app);
    if (tree) this.listen();
    app.store.subscribe((state, changed) => {
      this.head.follow(state);
      if ((["layout", "branches", "fold", "opened", "root", "collapsed", "clade"] as const).some((k) => changed.has(k))) {
        this.dirty = "layout";
        this.note.textContent = treeNote(app);
      }
      else if ((["colour", "selection", "query", "filters"] as const).some((k) => changed.has(k))) this.dirty ??= "looks";
      if (this.dirty !== null || (["treeCamera", "support", "active"] as const).some((k) => changed.has(k))) this.plot.schedule();
      if ((["root", "collapsed", "clade", "opened", "fold"] as const).some((k) => changed.has(k))) this.showBar();
    });
    app.onHover(() => this.plot.schedule());
    app.onKin(() => this.plot.schedule());
    app.onTheme(() => {
      this.inks = inks(document.body);
      this.dirty ??= "looks";
      this.plot.schedule();
    });
    this.showBar();
  }

  toggleLasso(on = !this.lassoing): void {
    this.lassoing = on;
    this.head.lasso.setAttribute("aria-pressed", String(on));
    this.plot.element.classList.toggle("lassoing", on);
  }

  nextLayout(): void {
    const layouts = LAYOUTS();
    const at = layouts.findIndex(([k]) => k === this.app.state.layout);
    const [layout, label] = layouts[(at + 1) % layouts.length] ?? ["rectangular" as const, ""];
    this.app.store.set({ layout, treeCamera: null });
    this.app.say(tr("Tree: {layout}", { layout: label }));
  }

  /** Zooms to the selected leaves, or to everything when nothing is selected. */
  fit(): void {
    const { app } = this;
    const found = this.ready();
    if (found === null || app.state.selection.length === 0) {
      app.store.set({ treeCamera: null });
      return;
    }
    const selected = app.selected();
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    found.tips.models.forEach((m, k) => {
      if (!selected[m]) return;
      const [x, y] = [found.tips.x[k] ?? 0, found.tips.y[k] ?? 0];
      [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    });
    if (x0 > x1) return;
    this.show([x0, y0, x1, y1], found.drawn);
  }

  private show(box: [number, number, number, number], drawn: Drawing): void {
    const fit = this.fitting(drawn);
    // A rectangular tree keeps its full depth: only rows are magnified.
    const whole = drawn.kind === "rectangular";
    const [x0, , x1] = drawn.bounds;
    const target: [number, number, number, number] = whole ? [x0, box[1] - 2, x1, box[3] + 2] : box;
    const camera = showing(fit, target, whole ? Math.max(1, drawn.ends.length / 12) : 40);
    const next = whole ? { ...camera, x: (x0 + x1) / 2, kx: 1 } : camera;
    const { treeCamera } = this.app.state;
    const same = treeCamera !== null && Math.abs(treeCamera.ky - next.ky) < 1e-6 && Math.abs(treeCamera.y - next.y) < 1e-6;
    this.app.store.set({ treeCamera: same ? null : next });
  }

  private ready(): Drawn | null {
    const { app } = this;
    const tree = app.tree();
    if (tree === null) return null;
    if (this.current !== null && this.dirty === null) return this.current;
    const { state } = app;
    const painting = app.painting();
    const below = gathered(tree, painting, app.selected(), app.matches());
    if (this.current === null || this.dirty === "layout") {
      const drawn = drawing(tree, {
        kind: state.layout, branches: state.branches,
        collapsed: this.closed(tree), top: this.top(tree),
      });
      const found = tips(tree, drawn);
      this.current = { tree, drawn, tips: found, below };
      const index = new KDBush(Math.max(1, drawn.nodes.length));
      for (const node of drawn.nodes) index.add(drawn.x[node] ?? 0, drawn.y[node] ?? 0);
      this.index = index.finish();
      this.level = null;
    } else {
      this.current = { ...this.current, below };
      this.level = null;
    }
    this.dirty = null;
    return this.current;
  }

  private top(tree: Tree): number {
    const { clade } = this.app.state;
    return clade !== null && has(tree, clade) ? clade : tree.root;
  }

  /** Clades drawn as one: those closed by hand, and by family. */
  closed(tree: Tree): Set<number> {
    const { state } = this.app;
    const found = new Set(state.collapsed.filter((n) => has(tree, n) && (tree.children[n]?.length ?? 0) > 0));
    const families = this.app.families();
    if (!state.fold || families === null || this.app.family() === null) return found;
    const opened = new Set(state.opened.filter((n) => has(tree, n)));
    for (const node of folded(tree, families, FOLDED_ROWS, opened, this.top(tree))) found.add(node);
    return found;
  }

  /** Shows what is in a closed clade. */
  private open(node: number): void {
    const { state, store } = this.app;
    if (state.collapsed.includes(node)) store.set({ collapsed: state.collapsed.filter((n) => n !== node) });
    else store.set({ opened: [...state.opened, node], treeCamera: null });
    this.app.say(this.describe(node));
  }

  private isClosed(node: number): boolean {
    const drawn = this.current?.drawn;
    return this.model(node) === null && drawn?.ends.includes(node) === true;
  }

  private detail(found: Drawn, t: Transform): void {
    const { drawn } = found;
    const wanted = drawn.kind === "rectangular" ? level(t.sy) : level(Math.abs(t.sx) * drawn.depth * drawn.step);
    if (this.level === wanted) return;
    this.level = wanted;
    handOver(this.app, this.plot.scene, found, wanted, rgb(this.inks.line));
  }

  private fitting(drawn: Drawing): Fit {
    return treeFit(drawn, this.plot.width, this.plot.height);
  }

  private at(drawn: Drawing): Transform {
    return transform(this.fitting(drawn), this.app.state.treeCamera);
  }

  private draw(context: CanvasRenderingContext2D): void {
    const found = this.ready();
    if (found === null) return;
    const { plot, app } = this;
    const t = this.at(found.drawn);
    this.detail(found, t);
    const ratio = plot.ratio;
    const hex = (text: string) => rgb(text).map((v) => v / 255) as [number, number, number];
    const few = found.drawn.ends.length <= 400 || (app.state.treeCamera?.ky ?? 1) > 4;
    plot.scene.draw(
      Math.round(plot.width * ratio), Math.round(plot.height * ratio), scaled(t, ratio),
      {
        size: pointSize(found.drawn, app.state.treeCamera) * ratio, width: (few ? 1.35 : 0.9) * ratio,
        rest: app.state.selection.length > 0 ? 0.45 : 0.95,
        ring: hex(this.inks.ink), paper: hex(this.inks.paper),
      },
    );
    const hidden = annotate(context, app, found, {
      t, width: plot.width, height: plot.height, inks: this.inks,
      node: this.node, hoverNode: this.hoverNode, size: pointSize(found.drawn, app.state.treeCamera),
      plain: rgb(this.inks.line),
    });
    this.room.tell(hidden);
  }

  private near(px: number, py: number): number | null {
    const found = this.current;
    if (found === null || this.index === null) return null;
    return nearestNode(found.tree, found.drawn, this.index, this.at(found.drawn), px, py);
  }

  private model(node: number | null): number | null {
    const tip = node === null ? -1 : (this.current?.tree.tip[node] ?? -1);
    return tip >= 0 ? tip : null;
  }

  private describe(node: number): string {
    const tree = this.current?.tree;
    if (tree === undefined) return "";
    const model = this.model(node);
    if (model !== null) return this.app.label(model);
    const value = tree.support[node] ?? Number.NaN;
    const support = Number.isNaN(value) ? "" : ` · ${tr("support {share}", { share: share(value) })}`;
    const closed = this.isClosed(node) ? ` · ${tr("click opens it")}` : "";
    return `${cladeName(this.app, tree, node)}${support}${closed}`;
  }

  private focus(node: number | null, say = false): void {
    this.node = node;
    this.showBar();
    if (node !== null && say) this.app.say(this.describe(node));
    this.plot.schedule();
  }

  private showBar(): void {
    const tree = this.app.tree();
    const node = this.node !== null && tree !== null && has(tree, this.node) ? this.node : null;
    const content = tree === null ? null : cladeBar(this.app, tree, node, () => this.focus(null));
    this.bar.hidden = content === null;
    replace(this.bar, ...(content ?? []));
  }

  private pan(dx: number, dy: number): void {
    if (this.current === null) return;
    const { store } = this.app;
    store.set({ treeCamera: panned(this.fitting(this.current.drawn), store.state.treeCamera, dx, dy) });
  }

  private zoom(x: number, y: number, f: number, axis: "both" | "x" | "y"): void {
    if (this.current === null) return;
    const { store } = this.app;
    const fit = this.fitting(this.current.drawn);
    const [fx, fy] = fit.uniform ? [f, f] : [axis === "y" ? 1 : f, axis === "x" ? 1 : f];
    store.set({ treeCamera: zoomed(fit, store.state.treeCamera, x, y, fx, fy) });
  }

  private listen(): void {
    const { app, plot } = this;
    listen(plot.surface, {
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (x, y, f, { shiftKey, pinch }) => this.zoom(x, y, f, pinch ? "both" : shiftKey ? "x" : "y"),
      hover: (x, y) => {
        const node = this.near(x, y);
        this.hoverNode = node;
        const model = this.model(node);
        app.setHover(model);
        this.tip.show(model, x, y, node !== null && model === null ? [this.describe(node)] : []);
        plot.surface.classList.toggle("pointing", node !== null);
        plot.schedule();
      },
      leave: () => {
        this.hoverNode = null;
        app.setHover(null);
        this.tip.hide();
      },
      pick: (x, y, how) => {
        const node = this.near(x, y);
        this.focus(node);
        const model = this.model(node);
        if (node !== null && how === "replace" && this.isClosed(node)) {
          this.open(node);
          return;
        }
        if (node === null) {
          if (how === "replace") app.select([]);
        } else if (model !== null) {
          app.select([model], how === "add" ? "toggle" : how);
          app.store.set({ active: model });
        } else if (this.current !== null) app.select(models(this.current.tree, node), how);
      },
      open: (x, y) => {
        const node = this.near(x, y);
        const model = this.model(node);
        if (model !== null) app.go({ page: "model", index: model, other: null });
        else if (node !== null) this.zoomTo(node);
        else this.zoom(x, y, 2, "y");
      },
      lasso: (polygon, how) => {
        plot.showLasso(how === null ? polygon : null);
        if (how === null || this.current === null) return;
        const t = this.at(this.current.drawn);
        const { tips: found } = this.current;
        const matches = app.matches();
        const chosen = found.models.filter(
          (m, k) => matches[m] === 1 && inside(polygon, t.ox + t.sx * (found.x[k] ?? 0), t.oy + t.sy * (found.y[k] ?? 0)),
        );
        app.select(chosen, how);
        this.toggleLasso(false);
      },
      key: (event) => this.key(event),
      lassoing: () => this.lassoing,
    });
  }

  private zoomTo(node: number): void {
    const found = this.ready();
    if (found === null) return;
    const { drawn, tree } = found;
    const box = boxOf(tree, drawn, node);
    if (box !== null) this.show(box, drawn);
  }

  private key(event: KeyboardEvent): boolean {
    const { app, plot } = this;
    const found = this.ready();
    if (found === null || event.ctrlKey || event.metaKey || event.altKey) return false;
    const centre = [plot.width / 2, plot.height / 2] as const;
    const zooms: Record<string, number> = { "+": 1.4, "=": 1.4, "-": 1 / 1.4 };
    const factor = Object.hasOwn(zooms, event.key) ? zooms[event.key] : undefined;
    if (factor !== undefined) this.zoom(...centre, factor, "y");
    else if (event.key === "0") app.store.set({ treeCamera: null });
    else if (event.key.startsWith("Arrow")) this.walk(found, event.key);
    else if (this.node === null) return false;
    else if (event.key === "Enter" || event.key === " ") {
      const model = this.model(this.node);
      if (event.key === "Enter" && this.isClosed(this.node)) this.open(this.node);
      else if (model !== null && event.key === "Enter") app.go({ page: "model", index: model, other: null });
      else app.select(models(found.tree, this.node), event.shiftKey ? "toggle" : "replace");
    } else if (event.key === "c") this.collapse(this.node);
    else if (event.key === "r") app.store.set({ root: this.node, clade: null, treeCamera: null });
    else return false;
    return true;
  }

  private collapse(node: number): void {
    const { collapsed } = this.app.state;
    if (this.model(node) !== null) return;
    const closed = collapsed.includes(node);
    if (!closed && this.isClosed(node)) {
      this.open(node);
      return;
    }
    this.app.store.set({ collapsed: closed ? collapsed.filter((n) => n !== node) : [...collapsed, node] });
    this.app.say(this.describe(node));
  }

  private walk({ tree, drawn }: Drawn, key: string): void {
    const next = step(tree, drawn, this.node, key);
    this.focus(next, true);
    const model = this.model(next);
    if (model !== null) this.app.store.set({ active: model });
    const t = this.at(drawn);
    const [x, y] = [t.ox + t.sx * (drawn.x[next] ?? 0), t.oy + t.sy * (drawn.y[next] ?? 0)];
    const { width, height } = this.plot;
    const dx = x < 20 ? 60 - x : x > width - 20 ? width - 60 - x : 0;
    const dy = y < 15 ? 60 - y : y > height - 15 ? height - 60 - y : 0;
    if (dx !== 0 || dy !== 0) this.pan(dx, dy);
  }
}
