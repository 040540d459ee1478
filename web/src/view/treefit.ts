/** How a drawn tree lies in its panel: room for names, and the size of its leaves. */

import type { Camera } from "../state/store";
import type { Drawing } from "../tree/layout";
import type { Fit } from "./camera";

/** Pixels of most names that run away from a middle. */
const SPOKE = 150;

/** Pixels that a name takes from its neighbour. */
const APART = 9.5;

/** Whether names run upwards and downwards from the middle, as there are few enough to be written. */
function spokes(drawn: Drawing, height: number): boolean {
  return drawn.kind === "radial" && (height / 2 - Math.min(SPOKE, height * 0.22)) * drawn.step >= APART;
}

export function treeFit(drawn: Drawing, width: number, height: number): Fit {
  const flat = drawn.kind === "rectangular";
  // Names of families stand outside of the round layouts, and at the right of the flat one.
  const side = flat ? 14 : Math.min(120, width * 0.19);
  const top = spokes(drawn, height) ? Math.min(SPOKE, height * 0.22) : Math.min(56, height * 0.11);
  return {
    bounds: drawn.bounds, width, height,
    inset: [side, flat ? 10 : top, flat ? Math.min(210, width * 0.36) : side, flat ? 30 : top],
    uniform: !flat,
  };
}

/** Pixels of a leaf: smaller for many, larger when zoomed. */
export function pointSize(drawn: Drawing, camera: Camera | null): number {
  const n = drawn.weight.reduce((a, b) => a + b, 0);
  const base = n <= 60 ? 10 : n <= 300 ? 7 : n <= 2000 ? 4 : 2.6;
  return Math.min(10, base * Math.min(3.4, (camera?.ky ?? 1) ** 0.35));
}
