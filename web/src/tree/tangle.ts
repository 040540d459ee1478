/** Two trees face to face: rows that stand for one or several models, in an order that lets few lines cross. */

import { induced, models } from "./tree";
import type { Tree } from "./tree";

/** Models of one tree that are drawn as one; a single model is a row of its own. */
export interface Row {
  readonly models: readonly number[];
  /** '' where they have none, or several. */
  readonly family: string;
  /** Branches that were joined; 1 for a clade or a model. */
  readonly branches: number;
}

/** A tree whose leaves stand for rows, by the first model of each. */
export interface Side {
  readonly tree: Tree;
  readonly rows: ReadonlyMap<number, Row>;
  /** The leaf that stands for each model. */
  readonly leaf: ReadonlyMap<number, number>;
}

/** A line between a leaf of the left and one of the right, for the models of both. */
export interface Line {
  readonly left: number;
  readonly right: number;
  readonly models: readonly number[];
}

/** The tree of the rows that are told, but for those with an opened model; others that are kept are rows of their own. */
export function side(tree: Tree, told: readonly Row[], opened: ReadonlySet<number>, keep: ReadonlySet<number>): Side | null {
  const rows = new Map<number, Row>();
  const leaf = new Map<number, number>();
  for (const row of told) {
    const first = row.models[0];
    if (first === undefined || row.models.some((m) => opened.has(m))) continue;
    rows.set(first, row);
    for (const m of row.models) leaf.set(m, first);
  }
  for (const m of models(tree, tree.root)) {
    if (leaf.has(m) || !keep.has(m)) continue;
    rows.set(m, { models: [m], family: "", branches: 1 });
    leaf.set(m, m);
  }
  const drawn = induced(tree, (m) => rows.has(m));
  return drawn === null ? null : { tree: drawn, rows, leaf };
}

/** Lines between rows that have models in common. */
export function lines(left: Side, right: Side): Line[] {
  const found = new Map<string, { left: number; right: number; models: number[] }>();
  for (const [m, a] of left.leaf) {
    const b = right.leaf.get(m);
    if (b === undefined) continue;
    const line = found.get(`${a} ${b}`);
    if (line === undefined) found.set(`${a} ${b}`, { left: a, right: b, models: [m] });
    else line.models.push(m);
  }
  return [...found.values()];
}

/** Leaves from top to bottom, children of each node in the order of the mean aim of their leaves. */
export function turned(tree: Tree, aims: ReadonlyMap<number, number>): number[] {
  const sum = new Float64Array(tree.size);
  const count = new Float64Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const own = aims.get(tree.tip[node] ?? -1);
    if (own !== undefined) {
      sum[node] = own;
      count[node] = 1;
    }
    const parent = tree.parent[node] ?? -1;
    if (parent >= 0) {
      sum[parent] = (sum[parent] ?? 0) + (sum[node] ?? 0);
      count[parent] = (count[parent] ?? 0) + (count[node] ?? 0);
    }
  }
  const mean = (node: number) => (count[node] ? (sum[node] ?? 0) / (count[node] ?? 1) : 0);
  const found: number[] = [];
  const stack = [tree.root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const tip = tree.tip[node] ?? -1;
    if (tip >= 0) found.push(tip);
    const children = [...(tree.children[node] ?? [])].sort((a, b) => mean(a) - mean(b) || a - b);
    for (let k = children.length - 1; k >= 0; k--) stack.push(children[k] ?? 0);
  }
  return found;
}

export interface Orders {
  readonly left: number[];
  readonly right: number[];
}

/** Rounds of turning one tree after the other; the best orders found, by crossings. */
export function untangled(left: Tree, right: Tree, links: readonly Line[], rounds = 6): Orders {
  let orders: Orders = { left: turned(left, new Map()), right: turned(right, new Map()) };
  let best = orders;
  let fewest = crossings(orders, links);
  for (let round = 0; round < rounds && fewest > 0; round++) {
    const onRight = turned(right, aims(links, "right", ranks(orders.left)));
    orders = { left: turned(left, aims(links, "left", ranks(onRight))), right: onRight };
    const count = crossings(orders, links);
    if (count < fewest) [fewest, best] = [count, orders];
  }
  return best;
}

/** Where the lines of each leaf of one side end on the other, on the mean of their models. */
function aims(links: readonly Line[], of: "left" | "right", places: ReadonlyMap<number, number>): Map<number, number> {
  const sum = new Map<number, number>();
  const count = new Map<number, number>();
  for (const link of links) {
    const [own, other] = of === "left" ? [link.left, link.right] : [link.right, link.left];
    sum.set(own, (sum.get(own) ?? 0) + link.models.length * (places.get(other) ?? 0));
    count.set(own, (count.get(own) ?? 0) + link.models.length);
  }
  return new Map([...sum].map(([leaf, total]) => [leaf, total / (count.get(leaf) ?? 1)]));
}

export function ranks(order: readonly number[]): Map<number, number> {
  return new Map(order.map((model, k) => [model, k]));
}

/** Pairs of lines that cross: inversions, counted while merging. Lines that meet do not cross. */
export function crossings(orders: Orders, links: readonly Line[]): number {
  const [left, right] = [ranks(orders.left), ranks(orders.right)];
  const placed = links.map((l) => [left.get(l.left) ?? 0, right.get(l.right) ?? 0] as const);
  placed.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const sequence = placed.map((p) => p[1]);
  let count = 0;
  const sorted = (list: number[]): number[] => {
    if (list.length < 2) return list;
    const half = list.length >> 1;
    const [a, b] = [sorted(list.slice(0, half)), sorted(list.slice(half))];
    const merged: number[] = [];
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      if (j >= b.length || (i < a.length && (a[i] ?? 0) <= (b[j] ?? 0))) merged.push(a[i++] ?? 0);
      else {
        count += a.length - i;
        merged.push(b[j++] ?? 0);
      }
    }
    return merged;
  };
  sorted(sequence);
  return count;
}
