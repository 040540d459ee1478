/** What can be told of a clade from the tree alone. */

import { models } from "./tree";
import type { Tree } from "./tree";

/** Models of the clades beside this one, below the nearest node that has any others. */
export function beside(tree: Tree, node: number): number[] {
  const own = new Set(models(tree, node));
  for (let at = tree.parent[node] ?? -1; at >= 0; at = tree.parent[at] ?? -1) {
    const found = models(tree, at).filter((m) => !own.has(m));
    if (found.length > 0) return found;
  }
  return [];
}

/** First, middle and last of the numbers that are there, or null. */
export function span(values: Iterable<number>): { low: number; middle: number; high: number; count: number } | null {
  const known = [...values].filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
  const [low, middle, high] = [known[0], known[known.length >> 1], known[known.length - 1]];
  return low === undefined || middle === undefined || high === undefined ? null : { low, middle, high, count: known.length };
}
