/** Names beside points that do not run over each other. */

import type { Mark } from "../colour/palette";
import { outline } from "../gl/canvas";

export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly strong?: boolean;
  /** Stands rather on the left of its point. */
  readonly left?: boolean;
  /** Stands on that side or nowhere. */
  readonly firm?: boolean;
  /** Colour and shape of the group that is named. */
  readonly mark?: Mark | undefined;
  /** For whoever sorts them: larger ones are drawn first. */
  readonly rank?: number;
}

/** At most so many characters, the last an ellipsis where something was cut. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

interface Look {
  readonly ink: string;
  readonly paper: string;
  readonly font: string;
}

/** Draws labels in the order given; later ones that would touch earlier ones are left out. */
export function drawLabels(
  context: CanvasRenderingContext2D,
  labels: readonly Label[],
  look: Look,
  width: number,
  height: number,
  align: "beside" | "centre" = "beside",
  points: readonly (readonly [number, number])[] = [],
): void {
  // Points that labels must not hide are taken from the start.
  const taken: Box[] = points.map(([x, y]) => [x - 4, y - 3, x + 4, y + 3]);
  context.font = look.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.lineJoin = "round";
  for (const { text, x, y, strong, left: leftwards, firm, mark } of labels) {
    if (x < -20 || y < 0 || x > width || y > height) continue;
    let shown = cut(text, 44);
    const lead = mark === undefined ? 0 : 13;
    // What must stand on the right of its point is cut to the room there.
    const room = firm === true && leftwards !== true ? width - x - GAP - 6 - lead : Infinity;
    for (let wide = context.measureText(shown).width; wide > room && shown.length > 6; wide = context.measureText(shown).width)
      shown = cut(shown, Math.max(6, Math.min(shown.length - 1, Math.floor((shown.length * room) / wide))));
    const size = context.measureText(shown).width + lead;
    const places = spots(x, y, size, width, align, leftwards === true, points.length > 0);
    const spot = (firm === true ? places.slice(0, 1) : places).find(([left, top]) => {
      const box: Box = [left - 1, top - 6, left + size + 1, top + 6];
      return !taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1]);
    }) ?? (strong ? places[0] : undefined);
    if (spot === undefined) continue;
    const [left, top] = spot;
    taken.push([left - 2, top - 6, left + size + 2, top + 6]);
    context.strokeStyle = look.paper;
    context.lineWidth = 3;
    context.strokeText(shown, left + lead, top);
    context.fillStyle = look.ink;
    context.fillText(shown, left + lead, top);
    if (mark !== undefined) {
      context.beginPath();
      outline(context, mark.shape, left + 5, top, 4.5);
      context.fillStyle = mark.colour;
      context.fill();
    }
  }
}

/** Between a point and its label. */
const GAP = 9;

type Box = [number, number, number, number];

/** Where a label may stand, best first: beside its point, then above and below it. */
function spots(x: number, y: number, size: number, width: number, align: "beside" | "centre", leftwards: boolean, around: boolean): [number, number][] {
  const middle = Math.max(4, Math.min(width - size - 4, x - size / 2));
  if (align === "centre") return [[middle, y]];
  const gap = GAP;
  const right: [number, number] = [x + gap, y];
  const left: [number, number] = [x - gap - size, y];
  const sides = leftwards || x + gap + size > width - 4 ? [left, right] : [right, left];
  const beside = sides.filter(([at]) => at >= 2 && at + size <= width - 2);
  // Among many points nobody could say which one a label above or below belongs to.
  return around ? [...beside, [middle, y - 15], [middle, y + 15]] : beside;
}

export interface Inks {
  readonly ink: string;
  readonly muted: string;
  readonly paper: string;
  readonly line: string;
  readonly accent: string;
  readonly font: string;
  readonly small: string;
}

/** The colours and fonts of the theme, for drawing. */
export function inks(element: Element): Inks {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const family = style.fontFamily;
  return {
    ink: value("--ink"),
    muted: value("--muted"),
    paper: value("--panel"),
    line: value("--branch"),
    accent: value("--accent"),
    font: `500 12px ${family}`,
    small: `11px ${family}`,
  };
}
