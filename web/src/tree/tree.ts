/** Rooted trees as arrays. Nodes keep their numbers when a tree is rooted anew. */

export interface Tree {
  /** Room for all numbers of nodes; some may be unused. */
  readonly size: number;
  readonly root: number;
  /** -1 for the root and for unused nodes. */
  readonly parent: Int32Array;
  /** Length of the branch above the node. */
  readonly length: Float64Array;
  /** Support of the branch above the node, NaN where it has none. */
  readonly support: Float64Array;
  /** Model at a leaf, -1 elsewhere. */
  readonly tip: Int32Array;
  readonly children: readonly (readonly number[])[];
  /** All nodes, parents before children. */
  readonly order: Int32Array;
  /** Leaves at or below each node. */
  readonly leaves: Int32Array;
}

export interface Parts {
  readonly parent: Int32Array;
  readonly length: Float64Array;
  readonly support: Float64Array;
  readonly tip: Int32Array;
}

/** Links the parts; children with more leaves come later, so that trees read like ladders. */
export function assembled(parts: Parts, root: number, ladder = true): Tree {
  const size = parts.parent.length;
  const children: number[][] = Array.from({ length: size }, () => []);
  for (let node = 0; node < size; node++) {
    const above = parts.parent[node] ?? -1;
    if (above >= 0) children[above]?.push(node);
  }
  const first = preorder(children, root, size);
  const leaves = new Int32Array(size);
  for (let k = first.length - 1; k >= 0; k--) {
    const node = first[k] ?? 0;
    if (children[node]?.length === 0) leaves[node] = 1;
    const above = parts.parent[node] ?? -1;
    if (above >= 0) leaves[above] = (leaves[above] ?? 0) + (leaves[node] ?? 0);
  }
  if (ladder)
    for (const row of children) row.sort((a, b) => (leaves[a] ?? 0) - (leaves[b] ?? 0) || a - b);
  return { size, root, ...parts, children, order: preorder(children, root, size), leaves };
}

function preorder(children: readonly (readonly number[])[], root: number, size: number): Int32Array {
  const order = new Int32Array(size);
  let count = 0;
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    order[count++] = node;
    const below = children[node] ?? [];
    for (let k = below.length - 1; k >= 0; k--) stack.push(below[k] ?? 0);
  }
  return order.slice(0, count);
}

export function has(tree: Tree, node: number): boolean {
  return node >= 0 && node < tree.size && (node === tree.root || (tree.parent[node] ?? -1) >= 0);
}

/** Nodes at and below one, parents first. */
export function below(tree: Tree, node: number): number[] {
  const found: number[] = [];
  const stack = [node];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    found.push(at);
    const children = tree.children[at] ?? [];
    for (let k = children.length - 1; k >= 0; k--) stack.push(children[k] ?? 0);
  }
  return found;
}

/** Models at the leaves at and below a node, from top to bottom. */
export function models(tree: Tree, node: number): number[] {
  return below(tree, node)
    .map((n) => tree.tip[n] ?? -1)
    .filter((m) => m >= 0);
}

/**
 * The same tree rooted in the middle of the branch above `node`.
 *
 * Support belongs to branches, so it moves with them where the direction turns. A root that is
 * left with one child is taken out. The new root has the number `tree.size`.
 */
export function rerooted(tree: Tree, node: number): Tree {
  const top = tree.parent[node] ?? -1;
  if (!has(tree, node) || top < 0) return tree;
  if (top === tree.root && (tree.children[top]?.length ?? 0) === 2) return tree;
  const size = tree.size + 1;
  const parent = grown(Int32Array, tree.parent, size, -1);
  const length = grown(Float64Array, tree.length, size, 0);
  const support = grown(Float64Array, tree.support, size, Number.NaN);
  const tip = grown(Int32Array, tree.tip, size, -1);
  const root = tree.size;
  const half = (length[node] ?? 0) / 2;
  let above = root;
  let carriedLength = half;
  let carriedSupport = support[node] ?? Number.NaN;
  length[node] = half;
  parent[node] = root;
  for (let at = top; at >= 0; ) {
    const next = tree.parent[at] ?? -1;
    const [ownLength, ownSupport] = [tree.length[at] ?? 0, tree.support[at] ?? Number.NaN];
    parent[at] = above;
    length[at] = carriedLength;
    support[at] = carriedSupport;
    [carriedLength, carriedSupport] = [ownLength, ownSupport];
    above = at;
    at = next;
  }
  spliceOut(tree.root, parent, length, support);
  return assembled({ parent, length, support, tip }, root);
}

function spliceOut(node: number, parent: Int32Array, length: Float64Array, support: Float64Array) {
  const only: number[] = [];
  for (let k = 0; k < parent.length; k++) if (parent[k] === node) only.push(k);
  const child = only[0];
  if (only.length !== 1 || child === undefined) return;
  parent[child] = parent[node] ?? -1;
  length[child] = (length[child] ?? 0) + (length[node] ?? 0);
  const [a, b] = [support[child] ?? Number.NaN, support[node] ?? Number.NaN];
  support[child] = Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b);
  parent[node] = -1;
}

function grown<T extends Int32Array | Float64Array>(
  kind: new (size: number) => T,
  old: T,
  size: number,
  last: number,
): T {
  const array = new kind(size);
  array.set(old);
  array[size - 1] = last;
  return array;
}

/** What is left of a tree when only some models' leaves are kept; null when none is. */
export function induced(tree: Tree, keep: (model: number) => boolean): Tree | null {
  const kept = new Uint8Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const tip = tree.tip[node] ?? -1;
    const inside = tip >= 0 ? keep(tip) : (tree.children[node] ?? []).some((c) => kept[c] === 1);
    kept[node] = inside ? 1 : 0;
  }
  if (kept[tree.root] === 0) return null;
  const parent = new Int32Array(tree.size).fill(-1);
  const length = Float64Array.from(tree.length);
  const support = Float64Array.from(tree.support);
  // A node stays when it is a leaf or has two children left; lengths of the others add up.
  const stays = (node: number) =>
    (tree.tip[node] ?? -1) >= 0 ||
    (tree.children[node] ?? []).reduce((sum, c) => sum + (kept[c] ?? 0), 0) > 1;
  let root = -1;
  for (const node of tree.order) {
    if (kept[node] === 0 || !stays(node)) continue;
    let above = tree.parent[node] ?? -1;
    while (above >= 0 && !stays(above)) {
      length[node] = (length[node] ?? 0) + (tree.length[above] ?? 0);
      above = tree.parent[above] ?? -1;
    }
    if (above < 0) root = node;
    parent[node] = above;
  }
  return assembled({ parent, length, support, tip: tree.tip }, root);
}
