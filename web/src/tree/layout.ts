/** Where nodes and branches of a tree are drawn. Units are the drawing's own. */

import type { Branches, LayoutName } from "../state/store";
import { has } from "./tree";
import type { Tree } from "./tree";

export interface Drawing {
  readonly kind: LayoutName;
  /** Per node; NaN where the node is not drawn. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Direction in which a label at the node leaves it, radians. */
  readonly angle: Float32Array;
  /** Nodes drawn, parents first. */
  readonly nodes: Int32Array;
  /** Drawn nodes without drawn children: leaves and collapsed clades, from top to bottom. */
  readonly ends: Int32Array;
  /** x0, y0, x1, y1 a piece of branch. */
  readonly pieces: Float32Array;
  /** Node under the branch that a piece belongs to; for joints the parent. */
  readonly owner: Int32Array;
  readonly bounds: readonly [number, number, number, number];
  /** Units between neighbouring ends: rows, or radians for the round layouts. */
  readonly step: number;
  readonly depth: number;
  /** Rows that each end takes, in the order of `ends`. */
  readonly weight: Float32Array;
  /** Per node: depth of the farthest leaf below, as the branches are drawn. */
  readonly reach: Float64Array;
}

export interface Options {
  readonly kind: LayoutName;
  /** As long as measured; the last ones drawn shorter; or all ends flush. */
  readonly branches: Branches;
  readonly collapsed: ReadonlySet<number>;
  /** Node at which drawing begins. */
  readonly top: number;
}

const GAP = (8 * Math.PI) / 180;
const ARC = (2.5 * Math.PI) / 180;

/** The drawing of a tree; linear in the number of nodes. */
export function drawing(tree: Tree, options: Options): Drawing {
  const top = has(tree, options.top) ? options.top : tree.root;
  const closed = (node: number) =>
    (tree.children[node]?.length ?? 0) === 0 || (options.collapsed.has(node) && node !== top);
  const nodes: number[] = [];
  const ends: number[] = [];
  const stack = [top];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    nodes.push(node);
    if (closed(node)) ends.push(node);
    else {
      const children = tree.children[node] ?? [];
      for (let k = children.length - 1; k >= 0; k--) stack.push(children[k] ?? 0);
    }
  }
  const frame: Frame = { tree, top, closed, nodes, ends, weight: Float32Array.from(ends, (n) => rowsOf(tree.leaves[n] ?? 1)) };
  const depth = depths(frame, options.branches);
  if (options.kind === "unrooted") return unrooted(frame, depth);
  const rows = rowed(frame);
  return options.kind === "radial" ? radial(frame, depth, rows) : rectangular(frame, depth, rows);
}

/** Rows of a clade that is drawn as one: more for more models, but slowly. */
function rowsOf(leaves: number): number {
  return leaves <= 1 ? 1 : 1 + 0.55 * Math.log2(leaves);
}

/** How much shorter the last branches are drawn, so that the rest of the tree can be seen; 1 for not. */
export function compression(tree: Tree): number {
  const tips: number[] = [];
  const at = new Float64Array(tree.size);
  const inner: number[] = [];
  for (const node of tree.order) {
    const parent = tree.parent[node] ?? -1;
    at[node] = parent < 0 ? 0 : (at[parent] ?? 0) + (tree.length[node] ?? 0);
    if ((tree.tip[node] ?? -1) >= 0) tips.push(tree.length[node] ?? 0);
    else if (parent >= 0) inner.push(at[node] ?? 0);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const [last, rest] = [median(tips), median(inner)];
  return last > 0 && rest > 0 ? Math.min(1, (0.3 * rest) / last) : 1;
}

interface Frame {
  readonly weight: Float32Array;
  readonly tree: Tree;
  readonly top: number;
  readonly closed: (node: number) => boolean;
  readonly nodes: readonly number[];
  readonly ends: readonly number[];
}

interface Depths {
  readonly at: Float64Array;
  /** Length of the branch above, in the same units. */
  readonly above: Float64Array;
  readonly most: number;
  readonly reach: Float64Array;
}

/** Depth of the farthest leaf below each node. */
function reaches(tree: Tree, at: Float64Array, above: (node: number) => number): Float64Array {
  const further = new Float64Array(tree.size);
  for (let k = tree.order.length - 1; k > 0; k--) {
    const node = tree.order[k] ?? 0;
    const parent = tree.parent[node] ?? 0;
    further[parent] = Math.max(further[parent] ?? 0, (further[node] ?? 0) + above(node));
  }
  return further.map((v, node) => (at[node] ?? 0) + v);
}

function depths({ tree, top, closed, nodes, ends }: Frame, branches: Branches): Depths {
  const at = new Float64Array(tree.size);
  const above = new Float64Array(tree.size);
  let most = 0;
  if (branches !== "flush") {
    const less = branches === "compressed" ? compression(tree) : 1;
    const long = (node: number) => (tree.length[node] ?? 0) * ((tree.tip[node] ?? -1) >= 0 ? less : 1);
    for (const node of nodes) {
      above[node] = node === top ? 0 : long(node);
      at[node] = node === top ? 0 : (at[tree.parent[node] ?? 0] ?? 0) + (above[node] ?? 0);
      most = Math.max(most, at[node] ?? 0);
    }
    // Without lengths at all there would be nothing to see.
    const reach = reaches(tree, at, long);
    for (const node of ends) most = Math.max(most, reach[node] ?? 0);
    if (most > 0) return { at, above, most, reach };
  }
  const height = new Float64Array(tree.size);
  for (let k = nodes.length - 1; k >= 0; k--) {
    const node = nodes[k] ?? 0;
    if (closed(node)) height[node] = 0;
    const parent = node === top ? -1 : (tree.parent[node] ?? -1);
    if (parent >= 0) height[parent] = Math.max(height[parent] ?? 0, (height[node] ?? 0) + 1);
  }
  most = height[top] ?? 0;
  for (const node of nodes) {
    at[node] = most - (height[node] ?? 0);
    above[node] = node === top ? 0 : (at[node] ?? 0) - (at[tree.parent[node] ?? 0] ?? 0);
  }
  // Ends are flush; a closed clade takes the last step before them.
  const last = most > 0 ? 0.12 * most : 1;
  return { at, above, most: most + (ends.some((n) => (tree.tip[n] ?? -1) < 0) ? last : 0), reach: at.map((v, n) => ((tree.tip[n] ?? -1) < 0 ? v + last : v)) };
}

/** Middle of the rows of each end, and of the nodes above; the first row has its middle at 0. */
function rowed({ tree, nodes, ends, closed, weight }: Frame): Float64Array {
  const row = new Float64Array(tree.size);
  let from = -0.5;
  ends.forEach((node, k) => {
    row[node] = from + (weight[k] ?? 1) / 2;
    from += weight[k] ?? 1;
  });
  for (let k = nodes.length - 1; k >= 0; k--) {
    const node = nodes[k] ?? 0;
    if (closed(node)) continue;
    const children = tree.children[node] ?? [];
    row[node] = ((row[children[0] ?? 0] ?? 0) + (row[children.at(-1) ?? 0] ?? 0)) / 2;
  }
  return row;
}

class Pieces {
  private data = new Float32Array(4096);
  private owners = new Int32Array(1024);
  private count = 0;

  add(x0: number, y0: number, x1: number, y1: number, owner: number): void {
    if (this.count === this.owners.length) {
      const [data, owners] = [new Float32Array(this.data.length * 2), new Int32Array(this.count * 2)];
      data.set(this.data);
      owners.set(this.owners);
      [this.data, this.owners] = [data, owners];
    }
    this.data.set([x0, y0, x1, y1], 4 * this.count);
    this.owners[this.count++] = owner;
  }

  done(): { pieces: Float32Array; owner: Int32Array } {
    return { pieces: this.data.slice(0, 4 * this.count), owner: this.owners.slice(0, this.count) };
  }
}

function blank(size: number): { x: Float32Array; y: Float32Array; angle: Float32Array } {
  return {
    x: new Float32Array(size).fill(Number.NaN),
    y: new Float32Array(size).fill(Number.NaN),
    angle: new Float32Array(size),
  };
}

function rectangular(frame: Frame, depth: Depths, row: Float64Array): Drawing {
  const { tree, nodes, ends, closed } = frame;
  const { x, y, angle } = blank(tree.size);
  const pieces = new Pieces();
  for (const node of nodes) {
    x[node] = depth.at[node] ?? 0;
    y[node] = row[node] ?? 0;
    const at = row[node] ?? 0;
    pieces.add((depth.at[node] ?? 0) - (depth.above[node] ?? 0), at, depth.at[node] ?? 0, at, node);
    if (closed(node)) continue;
    for (const child of tree.children[node] ?? [])
      pieces.add(depth.at[node] ?? 0, at, depth.at[node] ?? 0, row[child] ?? 0, child);
  }
  return {
    kind: "rectangular", x, y, angle, ...pieces.done(),
    nodes: Int32Array.from(nodes),
    ends: Int32Array.from(ends),
    bounds: [0, -0.5, depth.most || 1, total(frame) - 0.5],
    step: 1,
    depth: depth.most || 1,
    weight: frame.weight,
    reach: depth.reach,
  };
}

function total({ weight }: Frame): number {
  return weight.reduce((a, b) => a + b, 0);
}

/** The end whose rows hold a place of the rectangular drawing. */
export function endAt(drawn: Drawing, y: number): number | undefined {
  let from = -0.5;
  for (let k = 0; k < drawn.ends.length; k++) {
    from += drawn.weight[k] ?? 1;
    if (y < from) return drawn.ends[k];
  }
  return undefined;
}

function radial(frame: Frame, depth: Depths, row: Float64Array): Drawing {
  const { tree, nodes, ends, closed } = frame;
  const { x, y, angle } = blank(tree.size);
  const step = (2 * Math.PI - GAP) / Math.max(1, total(frame));
  const turn = (node: number) => -Math.PI / 2 + GAP / 2 + ((row[node] ?? 0) + 0.5) * step;
  const pieces = new Pieces();
  const point = (r: number, a: number): [number, number] => [r * Math.cos(a), r * Math.sin(a)];
  for (const node of nodes) {
    const a = turn(node);
    const r = depth.at[node] ?? 0;
    const [px, py] = point(r, a);
    [x[node], y[node], angle[node]] = [px, py, a];
    pieces.add(...point(r - (depth.above[node] ?? 0), a), px, py, node);
    if (closed(node) || r === 0) continue;
    for (const child of tree.children[node] ?? []) {
      const to = turn(child);
      const count = Math.max(1, Math.ceil(Math.abs(to - a) / ARC));
      let [fx, fy] = [px, py];
      for (let k = 1; k <= count; k++) {
        const [tx, ty] = point(r, a + ((to - a) * k) / count);
        pieces.add(fx, fy, tx, ty, child);
        [fx, fy] = [tx, ty];
      }
    }
  }
  const most = depth.most || 1;
  return {
    kind: "radial", x, y, angle, ...pieces.done(),
    nodes: Int32Array.from(nodes),
    ends: Int32Array.from(ends),
    bounds: [-most, -most, most, most],
    step,
    depth: most,
    weight: frame.weight,
    reach: depth.reach,
  };
}

/** Equal angles (J. Felsenstein, Inferring Phylogenies, 2004, ch. 34): each end gets its share. */
function unrooted(frame: Frame, depth: Depths): Drawing {
  const { tree, top, nodes, ends, closed } = frame;
  const { x, y, angle } = blank(tree.size);
  const weight = new Float64Array(tree.size);
  const place = new Map(ends.map((node, k) => [node, k]));
  for (let k = nodes.length - 1; k >= 0; k--) {
    const node = nodes[k] ?? 0;
    if (closed(node)) weight[node] = frame.weight[place.get(node) ?? 0] ?? 1;
    if (node !== top) weight[tree.parent[node] ?? 0] = (weight[tree.parent[node] ?? 0] ?? 0) + (weight[node] ?? 0);
  }
  const share = (2 * Math.PI) / Math.max(1, total(frame));
  const from = new Float64Array(tree.size);
  const pieces = new Pieces();
  const bounds: [number, number, number, number] = [0, 0, 0, 0];
  [x[top], y[top]] = [0, 0];
  for (const node of nodes) {
    if (node !== top) {
      const middle = (from[node] ?? 0) + ((weight[node] ?? 0) * share) / 2;
      const parent = tree.parent[node] ?? 0;
      const [px, py] = [x[parent] ?? 0, y[parent] ?? 0];
      const nx = px + (depth.above[node] ?? 0) * Math.cos(middle);
      const ny = py + (depth.above[node] ?? 0) * Math.sin(middle);
      [x[node], y[node], angle[node]] = [nx, ny, middle];
      pieces.add(px, py, nx, ny, node);
      bounds[0] = Math.min(bounds[0], nx);
      bounds[1] = Math.min(bounds[1], ny);
      bounds[2] = Math.max(bounds[2], nx);
      bounds[3] = Math.max(bounds[3], ny);
    }
    if (closed(node)) continue;
    let at = from[node] ?? 0;
    for (const child of tree.children[node] ?? []) {
      from[child] = at;
      at += (weight[child] ?? 0) * share;
    }
  }
  return {
    kind: "unrooted", x, y, angle, ...pieces.done(),
    nodes: Int32Array.from(nodes),
    ends: Int32Array.from(ends),
    bounds,
    step: share,
    depth: depth.most || 1,
    weight: frame.weight,
    reach: depth.reach,
  };
}
