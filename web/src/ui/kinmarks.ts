/** How kin of the chosen model are marked on map and tree: by verdict, never by colour alone. */

import type { Verdict } from "../data/types";
import { OUTLINES } from "../colour/palette";
import { outline } from "../gl/canvas";

export interface Stroke {
  /** Name of the style sheet's colour. */
  readonly colour: "--yes" | "--no" | "--open" | "--muted";
  readonly dash: readonly number[];
  readonly width: number;
}

export function stroke(verdict: Verdict): Stroke {
  if (verdict === "related") return { colour: "--yes", dash: [], width: 2 };
  if (verdict === "unrelated") return { colour: "--no", dash: [1, 4], width: 1.2 };
  if (verdict === "inconclusive") return { colour: "--open", dash: [5, 4], width: 1.4 };
  return { colour: "--muted", dash: [2, 4], width: 1.2 };
}

export function begin(context: CanvasRenderingContext2D, style: CSSStyleDeclaration, verdict: Verdict): void {
  const { colour, dash, width } = stroke(verdict);
  context.strokeStyle = style.getPropertyValue(colour).trim();
  context.lineWidth = width;
  context.setLineDash([...dash]);
}

/** A ring with the rank of a relative beside it. */
export function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number, rank: number | null, paper: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
  if (rank === null) return;
  context.setLineDash([]);
  context.font = "600 10px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const [tx, ty] = [x + radius * 0.8 + 5, y - radius * 0.8 - 4];
  context.fillStyle = context.strokeStyle;
  context.strokeStyle = paper;
  context.lineWidth = 3;
  context.strokeText(String(rank), tx, ty);
  context.fillText(String(rank), tx, ty);
}

/** The mark of a group, filled. */
export function fillMark(context: CanvasRenderingContext2D, shape: number, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  outline(context, OUTLINES[shape] === undefined ? 0 : shape, x, y, radius);
  context.fillStyle = colour;
  context.fill();
}
