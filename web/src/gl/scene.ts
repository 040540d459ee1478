/** What a drawing surface can do; WebGL 2 where it exists, a plain canvas elsewhere. */

/** From the drawing's units to device pixels: px = ox + sx * x. */
export interface Transform {
  readonly sx: number;
  readonly sy: number;
  readonly ox: number;
  readonly oy: number;
}

export const SELECTED = 1;
export const FADED = 2;
export const MISSING = 4;
export const HIDDEN = 8;

export interface Points {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Red, green, blue and the flags above, a point. */
  readonly look: Uint8Array;
  readonly shape: Uint8Array;
}

export interface Pieces {
  /** x0, y0, x1, y1 a piece. */
  readonly ends: Float32Array;
  /** Red, green, blue and the flags above, a piece. */
  readonly look: Uint8Array;
}

export interface Style {
  /** Diameter of points and width of lines, device pixels. */
  readonly size: number;
  readonly width: number;
  /** Opacity of points that are not in the selection, where there is one. */
  readonly rest: number;
  readonly ring: readonly [number, number, number];
  readonly paper: readonly [number, number, number];
}

export interface Scene {
  readonly kind: "webgl" | "canvas";
  setPoints(points: Points): void;
  setLooks(look: Uint8Array, shape: Uint8Array): void;
  setPieces(pieces: Pieces): void;
  setPieceLooks(look: Uint8Array): void;
  draw(width: number, height: number, transform: Transform, style: Style): void;
}
