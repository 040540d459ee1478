/** The picture of two trees face to face, as SVG. */

import { css } from "../colour/scale";
import type { Line, Orders, Row, Side } from "../tree/tangle";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { s } from "./dom";

const ROW = 15;
const WIDTH = 1080;
const TREE = 215;
const NAME = 220;
const WEDGE = 18;
const LONGEST = 36;
const FANNED = 9;
const OTHER = "var(--branch)";

interface Half {
  readonly side: Side;
  readonly order: readonly number[];
  readonly y: ReadonlyMap<number, number>;
  /** Models of each family in this tree. */
  readonly whole: ReadonlyMap<string, number>;
}

export function picture(app: App, a: Side, b: Side, orders: Orders, links: readonly Line[], bad: ReadonlySet<number>, open: (models: readonly number[]) => void): SVGSVGElement {
  const rows = Math.max(orders.left.length, orders.right.length);
  const height = rows * ROW + 34;
  const svg = s("svg", {
    class: "tangle", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: "group",
    "aria-label": tr("Declared tree on the left, measured tree on the right, lines between the same models"),
  });
  svg.append(s("text", { x: 8, y: 14, class: "caption" }, tr("declared")), s("text", { x: WIDTH - 8, y: 14, class: "caption", "text-anchor": "end" }, tr("measured")));
  const half = (of: Side, order: readonly number[]): Half => {
    const step = (rows * ROW) / order.length;
    return { side: of, order, y: new Map(order.map((m, k) => [m, 28 + (k + 0.5) * step])), whole: totals(of) };
  };
  const [left, right] = [half(a, orders.left), half(b, orders.right)];
  svg.append(...branches(left, 8, TREE), ...branches(right, WIDTH - 8, WIDTH - TREE));
  svg.append(...joined(app, left, right, links, bad));
  for (const [of, x, anchor] of [[left, TREE + 6, "start"], [right, WIDTH - TREE - 6, "end"]] as const)
    for (const leaf of of.order) svg.append(label(app, of, leaf, x, anchor, bad, open));
  return svg;
}

function totals(of: Side): Map<string, number> {
  const found = new Map<string, number>();
  for (const row of of.rows.values()) found.set(row.family, (found.get(row.family) ?? 0) + row.models.length);
  return found;
}

/** Lines between rows: those of contradicted steps apart, dashed. */
function joined(app: App, left: Half, right: Half, links: readonly Line[], bad: ReadonlySet<number>): SVGElement[] {
  const painting = app.painting();
  const colour = (m: number) => css([painting.rgb[3 * m] ?? 0, painting.rgb[3 * m + 1] ?? 0, painting.rgb[3 * m + 2] ?? 0]);
  const met = new Map<number, number>();
  for (const link of links) met.set(link.left, (met.get(link.left) ?? 0) + 1);
  const made: SVGElement[] = [];
  const [x0, x1] = [TREE + NAME, WIDTH - TREE - NAME];
  for (const link of links) {
    const parts = [[link.models.filter((m) => !bad.has(m)), false], [link.models.filter((m) => bad.has(m)), true]] as const;
    const both = parts.every(([models]) => models.length > 0);
    for (const [models, doubted] of parts) {
      const [first] = models;
      if (first === undefined) continue;
      const shift = both ? (doubted ? 2.5 : -1.5) : 0;
      const [y0, y1] = [(left.y.get(link.left) ?? 0) + shift, (right.y.get(link.right) ?? 0) + shift];
      const colours = new Set(models.map(colour));
      const names = models.slice(0, 12).map((m) => app.label(m));
      made.push(s("path", {
        d: `M${x0} ${y0}C${x0 + 60} ${y0} ${x1 - 60} ${y1} ${x1} ${y1}`, fill: "none", stroke: colours.size === 1 ? colour(first) : OTHER,
        "stroke-width": (doubted ? 2.4 : 1.3) + 0.6 * Math.log2(models.length), "stroke-dasharray": doubted ? "5 3" : null, class: "link",
      }, s("title", {}, models.length > names.length ? `${names.join("\n")}\n…` : names.join("\n"))));
      // Numbers upon lines that fan out would lie upon each other, where they are small.
      if (models.length > ((met.get(link.left) ?? 0) > 1 ? FANNED : 1)) made.push(number(models.length, x0, x1, y0, y1, (met.get(link.left) ?? 0) > 1 ? 0.4 : 0.1));
    }
  }
  return made;
}

/** How many models a line is for, upon the line. */
function number(count: number, x0: number, x1: number, y0: number, y1: number, t: number): SVGElement {
  const [p, q] = [(1 - t) ** 2 * (1 + 2 * t), t * t * (3 - 2 * t)];
  const x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * (x0 + 60) + 3 * (1 - t) * t * t * (x1 - 60) + t ** 3 * x1;
  return s("text", { x: x.toFixed(1), y: (p * y0 + q * y1).toFixed(1), dy: "0.35em", "text-anchor": "middle", class: "link-count" }, String(count));
}

/** What a row is called: a model, or what is in it and how many. */
function called(app: App, row: Row, whole: ReadonlyMap<string, number>): string {
  const n = row.models.length;
  if (n === 1) return app.label(row.models[0] ?? 0);
  const parts = row.branches > 1 ? `, ${tr("{n} branch|{n} branches", { n: row.branches })}` : "";
  if (row.family === "") return `${cut(app.label(Math.min(...row.models)), 22)} ${tr("and {n} more", { n: n - 1 })}${parts}`;
  const all = whole.get(row.family) ?? n;
  const count = n === all ? tr("{n} model|{n} models", { n }) : tr("{a} of {b}", { a: n, b: all });
  return `${cut(line(row.family, 60), 24)}: ${count}${parts}`;
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function label(app: App, of: Half, leaf: number, x: number, anchor: string, bad: ReadonlySet<number>, open: (models: readonly number[]) => void): SVGElement {
  const row = of.side.rows.get(leaf) ?? { models: [leaf], family: "", branches: 1 };
  const text = called(app, row, of.whole);
  const doubted = row.models.filter((m) => bad.has(m)).length;
  const several = row.models.length > 1;
  const more = several && doubted > 0 ? ` · ${tr("{n} contradicted", { n: doubted })}` : "";
  const element = s("text", {
    x, y: of.y.get(leaf) ?? 0, "text-anchor": anchor, dy: "0.35em",
    class: several ? "row-name" : doubted > 0 ? "tip-name bad" : "tip-name",
    ...(several ? { role: "button", tabindex: 0, "aria-label": tr("Open {name}", { name: text + more }) } : {}),
  }, cut(text, LONGEST), several && doubted > 0 ? s("tspan", { class: "bad" }, ` ×${doubted}`) : "", s("title", {}, text + more));
  const act = () => (several ? open(row.models) : app.go({ page: "model", index: row.models[0] ?? leaf, other: null }));
  element.addEventListener("click", act);
  if (several)
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
  return element;
}

/** One tree with all leaves flush, drawn from `from` (root) to `to` (leaves); rows of several end in a wedge. */
function branches(of: Half, from: number, to: number): SVGElement[] {
  const { tree, rows } = of.side;
  const height = new Float64Array(tree.size);
  const y = new Float64Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const children = tree.children[node] ?? [];
    if (children.length === 0) {
      y[node] = of.y.get(tree.tip[node] ?? -1) ?? 0;
      continue;
    }
    height[node] = 1 + Math.max(...children.map((c) => height[c] ?? 0));
    const ys = children.map((c) => y[c] ?? 0);
    y[node] = (Math.min(...ys) + Math.max(...ys)) / 2;
  }
  const most = Math.max(1, height[tree.root] ?? 1);
  const turn = Math.sign(to - from);
  const several = (node: number) => (rows.get(tree.tip[node] ?? -1)?.models.length ?? 0) > 1;
  // Square roots spread the many short steps near the leaves.
  const x = (node: number) => to + (from - to) * Math.sqrt((height[node] ?? 0) / most) - (several(node) ? turn * WEDGE : 0);
  const drawn: string[] = [];
  const wedges: string[] = [];
  for (const node of tree.order) {
    const [at, down] = [x(node), y[node] ?? 0];
    for (const child of tree.children[node] ?? []) drawn.push(`M${at.toFixed(1)} ${down.toFixed(1)}V${(y[child] ?? 0).toFixed(1)}H${x(child).toFixed(1)}`);
    if (several(node)) wedges.push(`M${at.toFixed(1)} ${down.toFixed(1)}L${to} ${(down - 5).toFixed(1)}V${(down + 5).toFixed(1)}Z`);
  }
  return [s("path", { d: drawn.join(""), class: "branches" }), s("path", { d: wedges.join(""), class: "wedges" })];
}

