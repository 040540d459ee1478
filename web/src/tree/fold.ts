/** Large trees made readable: clades of one family as one row, and what is small between them. */

import type { Tree } from "./tree";

/** What families are below each node; ranks are those of the column of families. */
export interface Families {
  /** The one family of all models below whose family is known; MIXED, or UNKNOWN for none. */
  readonly rank: Int32Array;
  /** Models below whose family is known. */
  readonly known: Int32Array;
}

export const MIXED = -1;
export const UNKNOWN = -2;

/** In one pass; `rank` is NaN or negative where the family of a model is not known. */
export function familiesBelow(tree: Tree, rank: (model: number) => number): Families {
  const found = new Int32Array(tree.size).fill(UNKNOWN);
  const known = new Int32Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const tip = tree.tip[node] ?? -1;
    if (tip >= 0) {
      const own = rank(tip);
      if (own >= 0) {
        found[node] = own;
        known[node] = 1;
      }
    }
    const parent = tree.parent[node] ?? -1;
    if (parent < 0) continue;
    const [own, above] = [found[node] ?? UNKNOWN, found[parent] ?? UNKNOWN];
    if (own !== UNKNOWN) found[parent] = above === UNKNOWN || above === own ? own : MIXED;
    known[parent] = (known[parent] ?? 0) + (known[node] ?? 0);
  }
  return { rank: found, known };
}

/** Whether a clade is one of a family: nothing else is known in it, and half of it is known. */
export function isFamily(tree: Tree, families: Families, node: number): boolean {
  return (families.rank[node] ?? MIXED) >= 0 && 2 * (families.known[node] ?? 0) >= (tree.leaves[node] ?? 0);
}

/** Topmost clades of one family with at least `least` models, at and below a node. */
export function familyClades(tree: Tree, families: Families, top: number, least = 2): number[] {
  const found: number[] = [];
  const stack = [top];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if ((tree.leaves[node] ?? 0) < least) continue;
    if (isFamily(tree, families, node)) found.push(node);
    else stack.push(...(tree.children[node] ?? []));
  }
  return found;
}

const SIZES = [2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 45, 70, 120, 250, 1000];
/** Models up to which a clade that is opened is shown in full. */
const OPENED = 40;

/**
 * Nodes to close, so that about `rows` rows are left: clades of one family, and clades without a
 * family clade of the size that has room. `opened` are shown nevertheless, large ones folded inside.
 */
export function folded(tree: Tree, families: Families, rows: number, opened: ReadonlySet<number>, top: number): Set<number> {
  const closed = new Set<number>();
  const tops = [top];
  for (let from = tops.pop(); from !== undefined; from = tops.pop())
    for (const node of closing(tree, families, from, from === top ? rows : OPENED)) {
      if (opened.has(node)) tops.push(node);
      else closed.add(node);
    }
  return closed;
}

function closing(tree: Tree, families: Families, top: number, rows: number): number[] {
  // One family, or few models: whoever opened it wants to see them.
  const leaves = tree.leaves[top] ?? 0;
  if (leaves <= rows || isFamily(tree, families, top)) return leaves <= rows && !isFamily(tree, families, top) ? familyClades(tree, families, top) : [];
  let best: number[] = [];
  for (const least of SIZES) {
    const { closed, ends } = cut(tree, families, top, least);
    best = closed;
    if (ends <= rows) break;
  }
  return best;
}

function cut(tree: Tree, families: Families, top: number, least: number): { closed: number[]; ends: number } {
  const large = new Set(familyClades(tree, families, top, least));
  const above = new Set<number>([top]);
  for (const node of large)
    for (let at = tree.parent[node] ?? -1; at >= 0 && !above.has(at); at = tree.parent[at] ?? -1) above.add(at);
  const closed: number[] = [];
  let ends = 0;
  const stack = [top];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (above.has(node)) stack.push(...(tree.children[node] ?? []));
    else {
      ends++;
      if ((tree.children[node]?.length ?? 0) > 0) closed.push(node);
    }
  }
  return { closed, ends };
}

/** Families below a node, most models first. */
export function contents(tree: Tree, node: number, rank: (model: number) => number): { rank: number; count: number }[] {
  const counts = new Map<number, number>();
  const stack = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const tip = tree.tip[at] ?? -1;
    if (tip >= 0) {
      const own = rank(tip);
      if (own >= 0) counts.set(own, (counts.get(own) ?? 0) + 1);
    }
    stack.push(...(tree.children[at] ?? []));
  }
  return [...counts].map(([r, count]) => ({ rank: r, count })).sort((a, b) => b.count - a.count || a.rank - b.rank);
}
