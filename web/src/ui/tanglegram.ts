/** Declared and measured tree face to face, as SVG. */

import { css } from "../colour/scale";
import type { DeclaredDocument } from "../data/types";
import { parsed } from "../tree/newick";
import { crossings, untangled } from "../tree/tangle";
import { induced, models } from "../tree/tree";
import type { Tree } from "../tree/tree";
import { tr } from "../text/words";
import type { App } from "./app";
import { h, s } from "./dom";

const MOST = 120;
const ROW = 15;
const WIDTH = 1080;
const TREE = 215;
const NAME = 220;

export function tanglegram(app: App, declared: DeclaredDocument): Node[] {
  const measured = app.original();
  const title = h("h2", {}, tr("Two trees face to face"));
  if (declared.newick === null || measured === null)
    return [title, h("p", { class: "empty" }, tr("It needs a declared and a measured tree; one of them is missing."))];
  const left = parsed(declared.newick);
  const chosen = shownModels(app, declared, left, measured);
  const a = induced(left, (m) => chosen.models.has(m));
  const b = induced(measured, (m) => chosen.models.has(m));
  if (a === null || b === null) return [title, h("p", { class: "empty" }, tr("The two trees have no model in common."))];
  const orders = untangled(a, b);
  const bad = new Set(declared.edges.filter((e) => e.verdict === "contradicted").map((e) => e.child));
  const crossed = crossings(orders.left, orders.right);
  return [
    title,
    h("p", { class: "hint" }, `${chosen.words} ${tr("Branches are turned so that few lines cross; {n} crossing is left. Dashed: contradicted.|Branches are turned so that few lines cross; {n} crossings are left. Dashed: contradicted.", { n: crossed })}`),
    h("div", { class: "scroll-x" }, picture(app, a, b, orders, bad)),
  ];
}

/** Which models to draw: all in common if they are few, else families with contradictions first. */
function shownModels(app: App, declared: DeclaredDocument, left: Tree, right: Tree): { models: Set<number>; words: string } {
  const inRight = new Set(models(right, right.root));
  const common = models(left, left.root).filter((m) => inRight.has(m));
  const selected = [...app.state.selection].filter((m) => common.includes(m));
  if (selected.length >= 3 && selected.length <= MOST)
    return { models: new Set(selected), words: tr("{n} selected model of both trees.|{n} selected models of both trees.", { n: selected.length }) };
  if (common.length <= MOST) return { models: new Set(common), words: tr("{n} model of both trees.|{n} models of both trees.", { n: common.length }) };
  return collapsed(app, declared, common);
}

/** Of many models one for each family, the contradicted steps' own before all. */
function collapsed(app: App, declared: DeclaredDocument, common: readonly number[]): { models: Set<number>; words: string } {
  const all = new Set(common);
  const chosen = new Set<number>();
  const families = new Set<number>();
  const take = (m: number | null) => {
    if (m === null || !all.has(m) || chosen.size >= MOST) return;
    chosen.add(m);
    families.add(app.familyRank(m));
  };
  for (const edge of declared.edges)
    if (edge.verdict === "contradicted") {
      take(edge.child);
      take(edge.parent);
    }
  const steps = neighbours(declared);
  const busiest = [...common].sort((a, b) => (steps.get(b)?.length ?? 0) - (steps.get(a)?.length ?? 0) || a - b);
  for (const m of busiest) {
    const rank = app.familyRank(m);
    if (Number.isNaN(rank) || families.has(rank)) continue;
    take(m);
  }
  return { models: chosen, words: tr("{a} of {b} models of both trees: all of contradicted steps, and of each other family the one with most declared children. Select up to {most} models to see those.", { a: chosen.size, b: common.length, most: MOST }) };
}

function neighbours(declared: DeclaredDocument): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const e of declared.edges)
    if (e.parent !== null) found.set(e.parent, [...(found.get(e.parent) ?? []), e.child]);
  return found;
}

function picture(app: App, a: Tree, b: Tree, orders: { left: number[]; right: number[] }, bad: ReadonlySet<number>): SVGSVGElement {
  const rows = Math.max(orders.left.length, orders.right.length);
  const height = rows * ROW + 34;
  const svg = s("svg", {
    class: "tangle", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: "img",
    "aria-label": tr("Declared tree on the left, measured tree on the right, lines between the same models"),
  });
  svg.append(s("text", { x: 8, y: 14, class: "caption" }, tr("declared")), s("text", { x: WIDTH - 8, y: 14, class: "caption", "text-anchor": "end" }, tr("measured")));
  const yOf = (order: readonly number[]) => {
    const step = (rows * ROW) / order.length;
    return new Map(order.map((m, k) => [m, 28 + (k + 0.5) * step]));
  };
  const [left, right] = [yOf(orders.left), yOf(orders.right)];
  svg.append(side(a, left, 8, TREE), side(b, right, WIDTH - 8, WIDTH - TREE));
  const painting = app.painting();
  const reach = TREE + NAME;
  for (const m of orders.left) {
    const [y0, y1] = [left.get(m) ?? 0, right.get(m) ?? 0];
    const colour = css([painting.rgb[3 * m] ?? 0, painting.rgb[3 * m + 1] ?? 0, painting.rgb[3 * m + 2] ?? 0]);
    const [x0, x1] = [reach, WIDTH - reach];
    svg.append(s("path", {
      d: `M${x0} ${y0}C${x0 + 60} ${y0} ${x1 - 60} ${y1} ${x1} ${y1}`, fill: "none", stroke: colour,
      "stroke-width": bad.has(m) ? 2.4 : 1.3, "stroke-dasharray": bad.has(m) ? "5 3" : null, class: "link",
    }, s("title", {}, app.label(m))));
  }
  for (const [order, at, x, anchor] of [[orders.left, left, TREE + 6, "start"], [orders.right, right, WIDTH - TREE - 6, "end"]] as const)
    for (const m of order) svg.append(label(app, m, at.get(m) ?? 0, x, anchor, bad.has(m)));
  return svg;
}

function label(app: App, m: number, y: number, x: number, anchor: string, bad: boolean): SVGElement {
  const text = app.label(m);
  const shown = text.length > 32 ? `${text.slice(0, 31)}…` : text;
  const element = s("text", { x, y, "text-anchor": anchor, dy: "0.35em", class: bad ? "tip-name bad" : "tip-name" }, shown, s("title", {}, text));
  element.addEventListener("click", () => app.go({ page: "model", index: m, other: null }));
  return element;
}

/** One tree with all leaves flush, drawn from `from` (root) to `to` (leaves). */
function side(tree: Tree, at: ReadonlyMap<number, number>, from: number, to: number): SVGElement {
  const height = new Float64Array(tree.size);
  const y = new Float64Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const children = tree.children[node] ?? [];
    if (children.length === 0) {
      y[node] = at.get(tree.tip[node] ?? -1) ?? 0;
      continue;
    }
    height[node] = 1 + Math.max(...children.map((c) => height[c] ?? 0));
    const ys = children.map((c) => y[c] ?? 0);
    y[node] = (Math.min(...ys) + Math.max(...ys)) / 2;
  }
  const most = Math.max(1, height[tree.root] ?? 1);
  // Square roots spread the many short steps near the leaves.
  const x = (node: number) => to + (from - to) * Math.sqrt((height[node] ?? 0) / most);
  const parts: string[] = [];
  for (const node of tree.order) {
    for (const child of tree.children[node] ?? [])
      parts.push(`M${x(node).toFixed(1)} ${(y[node] ?? 0).toFixed(1)}V${(y[child] ?? 0).toFixed(1)}H${x(child).toFixed(1)}`);
  }
  return s("path", { d: parts.join(""), class: "branches" });
}
