/** Ways about a drawn tree: the next node by a key, the node at a pixel, the box of a clade. */

import type KDBush from "kdbush";
import type { Transform } from "../gl/scene";
import { endAt } from "./layout";
import type { Drawing } from "./layout";
import { has } from "./tree";
import type { Tree } from "./tree";

const REACH = 11;

/** The node that an arrow key leads to: parent, child, or the neighbour above or below. */
export function step(tree: Tree, drawn: Drawing, from: number | null, key: string): number {
  const top = drawn.nodes[0] ?? tree.root;
  const at = from !== null && !Number.isNaN(drawn.x[from] ?? Number.NaN) ? from : null;
  if (at === null) return top;
  if (key === "ArrowLeft") return at === top ? top : (tree.parent[at] ?? top);
  if (key === "ArrowRight") {
    const child = tree.children[at]?.[0];
    return child !== undefined && !Number.isNaN(drawn.x[child] ?? Number.NaN) ? child : at;
  }
  const by = key === "ArrowDown" ? 1 : -1;
  const end = drawn.ends.indexOf(at);
  const row = tree.children[tree.parent[at] ?? -1] ?? [];
  return end >= 0 ? (drawn.ends[end + by] ?? at) : (row[row.indexOf(at) + by] ?? at);
}

/** The node nearest to a pixel; in rectangular trees also by the row of a wedge or a name. */
export function nearestNode(tree: Tree, drawn: Drawing, index: KDBush, t: Transform, px: number, py: number): number | null {
  let best: number | null = null;
  let least = REACH;
  const [ax, bx] = [(px - REACH - t.ox) / t.sx, (px + REACH - t.ox) / t.sx];
  const [ay, by] = [(py - REACH - t.oy) / t.sy, (py + REACH - t.oy) / t.sy];
  for (const k of index.range(ax, ay, bx, by)) {
    const node = drawn.nodes[k] ?? 0;
    const d = Math.hypot(t.ox + t.sx * (drawn.x[node] ?? 0) - px, t.oy + t.sy * (drawn.y[node] ?? 0) - py);
    if (d < least) [least, best] = [d, node];
  }
  if (best !== null || drawn.kind !== "rectangular") return best;
  const end = endAt(drawn, (py - t.oy) / t.sy);
  if (end === undefined || !has(tree, end)) return null;
  const [from, to] = [t.ox + t.sx * (drawn.x[end] ?? 0), t.ox + t.sx * (drawn.reach[end] ?? 0)];
  if ((tree.tip[end] ?? -1) < 0) return px >= from && px <= to + 160 ? end : null;
  return t.sy >= 8 && px > from && px < from + 180 ? end : null;
}

/** The box of what is drawn of a clade, or null. */
export function boxOf(tree: Tree, drawn: Drawing, node: number): [number, number, number, number] | null {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  const stack = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const [x, y] = [drawn.x[at] ?? Number.NaN, drawn.y[at] ?? Number.NaN];
    if (Number.isNaN(x)) continue;
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
    stack.push(...(tree.children[at] ?? []));
  }
  return x0 <= x1 ? [x0, y0, x1, y1] : null;
}
