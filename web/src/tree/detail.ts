/** Large trees at small magnification: clades thinner than a pixel as single branches. */

import type { Drawing } from "./layout";
import type { Tree } from "./tree";

/**
 * Pieces and leaves worth drawing when neighbouring ends lie `gap` pixels apart.
 *
 * Of a clade whose ends take less than a pixel together only the way to its farthest leaf is kept,
 * as the rest would be drawn over it. Returns places in `drawn.owner`, and nodes of leaves.
 */
export function detailed(tree: Tree, drawn: Drawing, gap: number): { pieces: Int32Array; ends: Int32Array } {
  if (gap >= 0.5) return { pieces: every(drawn.owner.length), ends: drawn.ends };
  const rows = new Int32Array(tree.size);
  const far = new Float64Array(tree.size);
  const next = new Int32Array(tree.size).fill(-1);
  const isEnd = new Uint8Array(tree.size);
  for (const node of drawn.ends) {
    rows[node] = 1;
    isEnd[node] = 1;
  }
  for (let k = drawn.nodes.length - 1; k > 0; k--) {
    const node = drawn.nodes[k] ?? 0;
    const parent = tree.parent[node] ?? 0;
    rows[parent] = (rows[parent] ?? 0) + (rows[node] ?? 0);
    const reach = (far[node] ?? 0) + Math.max(1e-12, tree.length[node] ?? 0);
    if (next[parent] === -1 || reach > (far[parent] ?? 0)) {
      far[parent] = reach;
      next[parent] = node;
    }
  }
  const kept = new Uint8Array(tree.size);
  for (const node of drawn.nodes) {
    const parent = tree.parent[node] ?? -1;
    const top = node === drawn.nodes[0];
    const thin = !top && (rows[parent] ?? 0) * gap < 1;
    kept[node] = top || (kept[parent] === 1 && (!thin || next[parent] === node)) ? 1 : 0;
  }
  if (drawn.kind !== "unrooted") uncovered(tree, drawn, gap, kept);
  const pieces: number[] = [];
  drawn.owner.forEach((node, k) => {
    if (kept[node] === 1) pieces.push(k);
  });
  return { pieces: Int32Array.from(pieces), ends: drawn.ends.filter((n) => kept[n] === 1) };
}

/** Drops leaves whose branch lies within that of another leaf on the same row of pixels. */
function uncovered(tree: Tree, drawn: Drawing, gap: number, kept: Uint8Array): void {
  const depth = (node: number) => {
    const [x, y] = [drawn.x[node] ?? 0, drawn.y[node] ?? 0];
    return drawn.kind === "radial" ? Math.hypot(x, y) : x;
  };
  const spans = new Map<number, [number, number]>();
  drawn.ends.forEach((node, k) => {
    if (kept[node] !== 1) return;
    const row = Math.floor(2 * k * gap);
    const [from, to] = [depth(tree.parent[node] ?? 0), depth(node)];
    const seen = spans.get(row);
    if (seen === undefined) spans.set(row, [from, to]);
    else if (from >= seen[0] && to <= seen[1]) kept[node] = 0;
    else spans.set(row, [Math.min(from, seen[0]), Math.max(to, seen[1])]);
  });
}

function every(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, k) => k);
}

/** Pixels between ends in steps of two, so that zooming seldom asks for other pieces. */
export function level(gap: number): number {
  return gap >= 0.5 ? 1 : 2 ** Math.floor(Math.log2(Math.max(1e-6, gap)));
}
