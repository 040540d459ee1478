/** Colours and marks of branches, from those of the models below them. */

import { FADED, MISSING, SELECTED } from "../gl/scene";
import type { Painting } from "../colour/scale";
import type { Rgb } from "../colour/palette";
import type { Drawing } from "./layout";
import type { Tree } from "./tree";

export interface Below {
  /** Per node: the one group of all models below, or -1. */
  readonly group: Int32Array;
  /** Per node: one model of that group, to take the colour from. */
  readonly sample: Int32Array;
  readonly selected: Int32Array;
  readonly matching: Int32Array;
}

/** What is below each node, in one pass. */
export function gathered(tree: Tree, painting: Painting, selected: Uint8Array, matches: Uint8Array): Below {
  const group = new Int32Array(tree.size).fill(-2);
  const sample = new Int32Array(tree.size).fill(-1);
  const chosen = new Int32Array(tree.size);
  const matching = new Int32Array(tree.size);
  for (let k = tree.order.length - 1; k >= 0; k--) {
    const node = tree.order[k] ?? 0;
    const tip = tree.tip[node] ?? -1;
    if (tip >= 0) {
      group[node] = painting.group[tip] ?? -1;
      sample[node] = tip;
      chosen[node] = selected[tip] ?? 0;
      matching[node] = matches[tip] ?? 0;
    }
    const parent = tree.parent[node] ?? -1;
    if (parent < 0) continue;
    const [own, above] = [group[node] ?? -1, group[parent] ?? -2];
    group[parent] = above === -2 || above === own ? own : -1;
    sample[parent] = sample[node] ?? -1;
    chosen[parent] = (chosen[parent] ?? 0) + (chosen[node] ?? 0);
    matching[parent] = (matching[parent] ?? 0) + (matching[node] ?? 0);
  }
  return { group, sample, selected: chosen, matching };
}

export function branchColour(node: number, below: Below, painting: Painting, plain: Rgb): Rgb {
  const model = below.sample[node] ?? -1;
  if ((below.group[node] ?? -1) < 0 || model < 0) return plain;
  return [painting.rgb[3 * model] ?? 0, painting.rgb[3 * model + 1] ?? 0, painting.rgb[3 * model + 2] ?? 0];
}

/** Looks of the pieces of branches: bold where all models below are selected. */
export function pieceLooks(tree: Tree, owner: Int32Array, below: Below, painting: Painting, plain: Rgb): Uint8Array {
  const look = new Uint8Array(4 * owner.length);
  owner.forEach((node, k) => {
    const [r, g, b] = branchColour(node, below, painting, plain);
    look[4 * k] = r;
    look[4 * k + 1] = g;
    look[4 * k + 2] = b;
    const all = (below.selected[node] ?? 0) === (tree.leaves[node] ?? 0);
    look[4 * k + 3] = (all ? SELECTED : 0) | ((below.matching[node] ?? 0) === 0 ? FADED : 0);
  });
  return look;
}

export interface Tips {
  readonly nodes: Int32Array;
  readonly models: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Leaves that are drawn, with their places. */
export function tips(tree: Tree, drawn: Drawing, ends = drawn.ends): Tips {
  const nodes = ends.filter((n) => (tree.tip[n] ?? -1) >= 0);
  return {
    nodes,
    models: nodes.map((n) => tree.tip[n] ?? -1),
    x: Float32Array.from(nodes, (n) => drawn.x[n] ?? 0),
    y: Float32Array.from(nodes, (n) => drawn.y[n] ?? 0),
  };
}

export function tipLooks(
  { models }: Tips,
  painting: Painting,
  selected: Uint8Array,
  matches: Uint8Array,
): { look: Uint8Array; shape: Uint8Array } {
  const look = new Uint8Array(4 * models.length);
  const shape = new Uint8Array(models.length);
  models.forEach((m, k) => {
    look.set(painting.rgb.subarray(3 * m, 3 * m + 3), 4 * k);
    look[4 * k + 3] =
      (selected[m] ? SELECTED : 0) | (matches[m] ? 0 : FADED) | (painting.missing[m] ? MISSING : 0);
    shape[k] = painting.shape[m] ?? 0;
  });
  return { look, shape };
}
