/** The same scene on a plain 2D canvas, for machines without WebGL 2: slower, equal to look at. */

import { OUTLINES } from "../colour/palette";
import { FADED, HIDDEN, MISSING, SELECTED } from "./scene";
import type { Pieces, Points, Scene, Style, Transform } from "./scene";

export function canvasScene(canvas: HTMLCanvasElement): Scene {
  return new CanvasScene(canvas);
}

class CanvasScene implements Scene {
  readonly kind = "canvas";
  private points: Points | null = null;
  private pieces: Pieces | null = null;

  constructor(private readonly canvas: HTMLCanvasElement) {}

  setPoints(points: Points): void {
    this.points = points;
  }

  setLooks(look: Uint8Array, shape: Uint8Array): void {
    if (this.points !== null) this.points = { ...this.points, look, shape };
  }

  setPieces(pieces: Pieces): void {
    this.pieces = pieces;
  }

  setPieceLooks(look: Uint8Array): void {
    if (this.pieces !== null) this.pieces = { ...this.pieces, look };
  }

  draw(width: number, height: number, transform: Transform, style: Style): void {
    this.canvas.width = width;
    this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    if (context === null) return;
    for (const chosen of [false, true]) if (this.pieces) lines(context, this.pieces, transform, style, chosen);
    for (const chosen of [false, true]) if (this.points) dots(context, this.points, transform, style, chosen);
  }
}

/** One path a colour: changing colours is what costs. */
function lines(
  context: CanvasRenderingContext2D,
  { ends, look }: Pieces,
  t: Transform,
  style: Style,
  chosen: boolean,
): void {
  const paths = new Map<number, Path2D>();
  for (let k = 0; 4 * k < look.length; k++) {
    const flags = look[4 * k + 3] ?? 0;
    if (((flags & SELECTED) !== 0) !== chosen) continue;
    const key =
      ((look[4 * k] ?? 0) << 16) | ((look[4 * k + 1] ?? 0) << 8) | (look[4 * k + 2] ?? 0) |
      (flags & FADED ? 1 << 24 : 0);
    let path = paths.get(key);
    if (path === undefined) paths.set(key, (path = new Path2D()));
    path.moveTo(t.ox + t.sx * (ends[4 * k] ?? 0), t.oy + t.sy * (ends[4 * k + 1] ?? 0));
    path.lineTo(t.ox + t.sx * (ends[4 * k + 2] ?? 0), t.oy + t.sy * (ends[4 * k + 3] ?? 0));
  }
  context.lineWidth = chosen ? style.width * 1.8 : style.width;
  for (const [key, path] of paths) {
    context.globalAlpha = key >> 24 ? Math.min(style.rest, 0.22) : chosen ? 1 : style.rest;
    context.strokeStyle = `#${(key & 0xffffff).toString(16).padStart(6, "0")}`;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

function dots(
  context: CanvasRenderingContext2D,
  { x, y, look, shape }: Points,
  t: Transform,
  style: Style,
  chosen: boolean,
): void {
  for (let k = 0; k < x.length; k++) {
    const flags = look[4 * k + 3] ?? 0;
    if (flags & HIDDEN || ((flags & SELECTED) !== 0) !== chosen) continue;
    const faded = (flags & FADED) !== 0;
    const size = chosen ? style.size * 1.3 + 1.5 : faded ? style.size * 0.7 : style.size;
    context.beginPath();
    outline(context, shape[k] ?? 0, t.ox + t.sx * (x[k] ?? 0), t.oy + t.sy * (y[k] ?? 0), size / 2);
    const colour = `rgb(${look[4 * k]} ${look[4 * k + 1]} ${look[4 * k + 2]})`;
    context.globalAlpha = faded ? Math.min(style.rest, 0.16) : chosen ? 1 : style.rest;
    context.lineWidth = 1.5;
    if (flags & MISSING) {
      context.strokeStyle = colour;
      context.stroke();
    } else {
      context.fillStyle = colour;
      context.fill();
    }
    if (chosen) {
      context.strokeStyle = `rgb(${style.ring.map((v) => v * 255).join(" ")})`;
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

/** Adds the outline of a shape of a radius to the current path. */
export function outline(
  path: CanvasRenderingContext2D,
  shape: number,
  x: number,
  y: number,
  radius: number,
): void {
  const corners = OUTLINES[shape] ?? [];
  if (corners.length === 0) {
    path.arc(x, y, radius * 0.95, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([cx, cy], k) => {
    if (k === 0) path.moveTo(x + cx * radius, y + cy * radius);
    else path.lineTo(x + cx * radius, y + cy * radius);
  });
  path.closePath();
}
