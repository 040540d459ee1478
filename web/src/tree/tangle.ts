/** Two trees face to face: leaves in an order that lets few lines cross. */

import type { Tree } from "./tree";

/** Leaves' models from top to bottom, children of each node in the order of `rank`. */
export function turned(tree: Tree, rank: ReadonlyMap<number, number>): number[] {
  const sum = new Float64Array(tree.size);
  const count = new Float64Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const own = rank.get(tree.tip[node] ?? -1);
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

/** Rounds of turning one tree after the other; the best orders found, by crossings. */
export function untangled(left: Tree, right: Tree, rounds = 6): { left: number[]; right: number[] } {
  let orders = { left: turned(left, new Map()), right: turned(right, new Map()) };
  let best = orders;
  let fewest = crossings(orders.left, orders.right);
  for (let round = 0; round < rounds && fewest > 0; round++) {
    const onRight = turned(right, ranks(orders.left));
    orders = { left: turned(left, ranks(onRight)), right: onRight };
    const count = crossings(orders.left, orders.right);
    if (count < fewest) [fewest, best] = [count, orders];
  }
  return best;
}

export function ranks(order: readonly number[]): Map<number, number> {
  return new Map(order.map((model, k) => [model, k]));
}

/** Pairs of lines that cross: inversions, counted while merging. */
export function crossings(left: readonly number[], right: readonly number[]): number {
  const at = ranks(right);
  const sequence = left.map((m) => at.get(m)).filter((v) => v !== undefined);
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
