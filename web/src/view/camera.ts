/** Windows on drawings: how units become pixels, and what panning and zooming do to that. */

import type { Transform } from "../gl/scene";
import type { Camera } from "../state/store";

export interface Fit {
  readonly bounds: readonly [number, number, number, number];
  readonly width: number;
  readonly height: number;
  /** Pixels kept free: left, top, right, bottom. */
  readonly inset: readonly [number, number, number, number];
  /** Both directions magnified alike. */
  readonly uniform: boolean;
}

export function home(fit: Fit): Camera {
  const [x0, y0, x1, y1] = fit.bounds;
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, kx: 1, ky: 1 };
}

function scales(fit: Fit): [number, number] {
  const [x0, y0, x1, y1] = fit.bounds;
  const [left, top, right, bottom] = fit.inset;
  const sx = Math.max(10, fit.width - left - right) / (x1 - x0 || 1);
  const sy = Math.max(10, fit.height - top - bottom) / (y1 - y0 || 1);
  return fit.uniform ? [Math.min(sx, sy), Math.min(sx, sy)] : [sx, sy];
}

/** Pixels (of the page) for a camera; none means everything in view. */
export function transform(fit: Fit, camera: Camera | null): Transform {
  const { x, y, kx, ky } = camera ?? home(fit);
  const [sx, sy] = scales(fit);
  const [left, top, right, bottom] = fit.inset;
  const [cx, cy] = [(fit.width + left - right) / 2, (fit.height + top - bottom) / 2];
  return { sx: sx * kx, sy: sy * ky, ox: cx - sx * kx * x, oy: cy - sy * ky * y };
}

export function scaled(t: Transform, ratio: number): Transform {
  return { sx: t.sx * ratio, sy: t.sy * ratio, ox: t.ox * ratio, oy: t.oy * ratio };
}

export function panned(fit: Fit, camera: Camera | null, dx: number, dy: number): Camera {
  const at = camera ?? home(fit);
  const t = transform(fit, camera);
  return { ...at, x: at.x - dx / t.sx, y: at.y - dy / t.sy };
}

const MOST = 20_000;

/** Zoomed about a pixel, which stays where it is. */
export function zoomed(
  fit: Fit,
  camera: Camera | null,
  px: number,
  py: number,
  fx: number,
  fy: number,
): Camera {
  const at = camera ?? home(fit);
  const limit = (k: number) => Math.min(MOST, Math.max(0.2, k));
  const [kx, ky] = [limit(at.kx * fx), limit(at.ky * fy)];
  const t = transform(fit, at);
  const [wx, wy] = [(px - t.ox) / t.sx, (py - t.oy) / t.sy];
  const next = transform(fit, { ...at, kx, ky });
  const [nx, ny] = [next.ox + next.sx * wx, next.oy + next.sy * wy];
  return { x: at.x + (nx - px) / next.sx, y: at.y + (ny - py) / next.sy, kx, ky };
}

/** The camera that shows a box of the drawing, with some room, zoomed in `most` times at most. */
export function showing(
  fit: Fit,
  box: readonly [number, number, number, number],
  most = 60,
): Camera {
  const [sx, sy] = scales(fit);
  const [left, top, right, bottom] = fit.inset;
  const room = 1.25;
  const limit = (k: number) => Math.min(most, Math.max(1, k));
  let kx = limit((fit.width - left - right) / (sx * Math.max(1e-9, box[2] - box[0]) * room));
  let ky = limit((fit.height - top - bottom) / (sy * Math.max(1e-9, box[3] - box[1]) * room));
  if (fit.uniform) kx = ky = Math.min(kx, ky);
  return { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, kx, ky };
}

/** Whether a point lies inside a closed polygon (even-odd rule). */
export function inside(polygon: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i] ?? [0, 0];
    const [xj, yj] = polygon[j] ?? [0, 0];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
