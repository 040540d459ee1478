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
  /** Direction in which it may go away from its point, radians. */
  readonly angle?: number;
  /** What it belongs to and may lie upon. */
  readonly own?: readonly Box[];
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

export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** What is in a picture so far: no label may touch the one, and none does the other where it can be helped. */
export interface Room {
  readonly taken: Box[];
  readonly avoid: Box[];
}

export const emptyRoom = (): Room => ({ taken: [], avoid: [] });

const touches = (a: Box, b: Box) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

/** Whether a box is free, and takes it if so. */
export function claim(room: Room, box: Box): boolean {
  if (room.taken.some((b) => touches(b, box))) return false;
  room.taken.push(box);
  return true;
}

interface How {
  readonly align?: "beside" | "centre";
  /** Points that labels must not hide. */
  readonly points?: readonly (readonly [number, number])[];
  readonly room?: Room;
}

/** Draws labels in the order given; later ones that would touch earlier ones are left out, and counted. */
export function drawLabels(context: CanvasRenderingContext2D, labels: readonly Label[], look: Look, width: number, height: number, how: How = {}): number {
  const { align = "beside", points = [], room = emptyRoom() } = how;
  const { taken } = room;
  for (const [x, y] of points) taken.push([x - 4, y - 3, x + 4, y + 3]);
  let hidden = 0;
  context.font = look.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.lineJoin = "round";
  for (const label of labels) {
    const { text, x, y, strong, left: leftwards, firm, mark } = label;
    if (x < -20 || y < 0 || x > width || y > height) continue;
    let shown = cut(text, 44);
    const lead = mark === undefined ? 0 : 13;
    // What must stand on the right of its point is cut to the room there.
    const space = firm === true && leftwards !== true ? width - x - GAP - 6 - lead : Infinity;
    for (let wide = context.measureText(shown).width; wide > space && shown.length > 6; wide = context.measureText(shown).width)
      shown = cut(shown, Math.max(6, Math.min(shown.length - 1, Math.floor((shown.length * space) / wide))));
    const size = context.measureText(shown).width + lead;
    const places = spots(label, size, width, height, align, points.length > 0).slice(0, firm === true ? 1 : undefined);
    const own = new Set(label.own ?? []);
    const box = ([left, top]: Spot): Box => [left - 1, top - 6, left + size + 1, top + 6];
    const free = places.filter((spot) => !taken.some((b) => touches(b, box(spot))));
    const clear = room.avoid.length === 0 ? undefined : free.find((spot) => !room.avoid.some((b) => !own.has(b) && touches(b, box(spot))));
    const spot = clear ?? free[0] ?? (strong ? places[0] : undefined);
    if (spot === undefined) {
      hidden += 1;
      continue;
    }
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
  return hidden;
}

/** Height of a name at least. */
export const ROW = 9.5;

/** Between a point and its label. */
const GAP = 9;

type Spot = readonly [number, number];

/** How far out along its branch a label may go, where beside its point is no room. */
const OUT = [12, 24, 38];

/** Where a label may stand, best first: beside its point, then farther out, then above and below it. */
function spots({ x, y, left: leftwards, angle }: Label, size: number, width: number, height: number, align: "beside" | "centre", around: boolean): Spot[] {
  const middle = Math.max(4, Math.min(width - size - 4, x - size / 2));
  if (align === "centre") return [[middle, y]];
  const right: Spot = [x + GAP, y];
  const left: Spot = [x - GAP - size, y];
  const sides = leftwards === true || x + GAP + size > width - 4 ? [left, right] : [right, left];
  // Who stands at the end of a branch goes away from it: inwards lie the others.
  if (angle !== undefined && Math.abs(Math.cos(angle)) > 0.2) sides.pop();
  if (angle !== undefined)
    for (const d of OUT) {
      const [px, py] = [x + d * Math.cos(angle), y + d * Math.sin(angle)];
      sides.push(Math.cos(angle) < -0.2 ? [px - size, py] : Math.cos(angle) > 0.2 ? [px, py] : [px - size / 2, py]);
    }
  const inside = sides.filter(([at, top]) => at >= 2 && at + size <= width - 2 && top >= 7 && top <= height - 7);
  // Among many points nobody could say which one a label above or below belongs to.
  return around ? [...inside, [middle, y - 15], [middle, y + 15]] : inside;
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
