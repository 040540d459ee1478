/** What the tree hands to the scene: the branches and leaves that can be told apart. */

import type { Rgb } from "../colour/palette";
import type { Scene } from "../gl/scene";
import { detailed } from "../tree/detail";
import { pieceLooks, tipLooks, tips } from "../tree/paint";
import type { App } from "./app";
import type { Drawn } from "./treeview";

/** Gives the scene what is seen at a level of detail; `plain` is the colour of mixed branches. */
export function handOver(app: App, scene: Scene, { tree, drawn, below }: Drawn, level: number, plain: Rgb): void {
  const kept = detailed(tree, drawn, level);
  const painting = app.painting();
  const ends = new Float32Array(4 * kept.pieces.length);
  const owner = new Int32Array(kept.pieces.length);
  kept.pieces.forEach((piece, k) => {
    ends.set(drawn.pieces.subarray(4 * piece, 4 * piece + 4), 4 * k);
    owner[k] = drawn.owner[piece] ?? 0;
  });
  scene.setPieces({ ends, look: pieceLooks(tree, owner, below, painting, plain) });
  // Selected leaves are always shown.
  const selected = app.selected();
  const kinds = new Set(kept.ends);
  const nodes = kept.ends.length === drawn.ends.length ? drawn.ends
    : drawn.ends.filter((n) => kinds.has(n) || selected[tree.tip[n] ?? -1] === 1);
  const found = tips(tree, drawn, nodes);
  scene.setPoints({ x: found.x, y: found.y, ...tipLooks(found, painting, selected, app.matches()) });
}
