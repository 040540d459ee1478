/** Names of models and families upon the tree. */

import { mark } from "../colour/palette";
import { familyClades } from "../tree/fold";
import type { Families } from "../tree/fold";
import { below } from "../tree/tree";
import type { Tree } from "../tree/tree";
import type { App } from "./app";
import { cut, drawLabels, ROW } from "./labels";
import type { Label, Room } from "./labels";
import type { InView, Place, Setting } from "./treelabels";
import type { Drawn } from "./treeview";

/** Models of which as many are named as have room, whatever the rows are. */
const FEW = 120;

/** Pixels of a row below which a name would cover the rows beside it. */
const LEAST = 5;

/** Names that are looked for room for, where branches are no rows. */
const MOST = 300;

/** Names of families beside their clades: at every zoom, the largest first, where there is room. */
export function families(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, room: Room): void {
  const { drawn, tree } = found;
  const below = app.families();
  const column = app.family();
  if (below === null || column === null || app.state.fold) return;
  const { inks } = setting;
  const flat = drawn.kind === "rectangular";
  const named = inRows(found, setting);
  const edge = named ? bracketsAt(context, app, found, setting) : 0;
  // Marks of families beside points of another column would be read as its groups.
  const sign = (rank: number) => (app.state.colour === column.key ? mark(rank, app.theme) : undefined);
  const labels: Label[] = [];
  for (const [node, tips] of bracketed(drawn, tree, below)) {
    const inside = tips.map(place);
    const colour = sign(below.rank[node] ?? -1)?.colour ?? inks.line;
    const text = cut(app.brief(column, below.rank[node] ?? 0), 22);
    const count = tree.leaves[node] ?? 0;
    if (flat) {
      const ys = inside.map((p) => p[1]);
      const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
      if (bottom < 0 || top > setting.height) continue;
      const x = named ? edge : Math.min(setting.width - 112, Math.max(...inside.map((p) => p[0])) + 8);
      context.fillStyle = colour;
      context.fillRect(x, top - 1, 3, Math.max(2, bottom - top + 2));
      room.taken.push([x - 1, top, x + 4, bottom]);
      const middle = (Math.max(6, top) + Math.min(setting.height - 8, bottom)) / 2;
      labels.push({ text, x: x - 2, y: middle, rank: count, firm: named, mark: sign(below.rank[node] ?? -1) });
    } else {
      // Where names run outwards, that of the family stands within.
      const within = drawn.kind === "radial" && gapOf(found, setting) >= ROW;
      const [x, y] = (within ? place(node) : inside[inside.length >> 1]) ?? [0, 0];
      const angle = (drawn.angle[node] ?? 0) + (within ? Math.PI : 0);
      labels.push({ text, x: x + 6 * Math.cos(angle), y: y + 10 * Math.sin(angle), left: Math.cos(angle) < -0.1, angle, rank: count, mark: sign(below.rank[node] ?? -1) });
    }
  }
  labels.sort((a, b) => (b.rank ?? 0) - (a.rank ?? 0));
  drawLabels(context, labels, { ...inks, font: inks.small.replace("11px", "600 11px") }, setting.width, setting.height, { room });
}

/** Whether every model is named in a row of its own. */
const inRows = ({ drawn, tips }: Drawn, { t }: Setting) =>
  drawn.kind === "rectangular" && (t.sy >= ROW || tips.models.length <= FEW);

/** Pixels at the right edge that are kept for the names of families, and those they have at best. */
const [LEAST_BESIDE, MOST_BESIDE] = [96, 118];

/** Where brackets of families stand beside rows: behind the longest name that is written, as far as there is room. */
function bracketsAt(context: CanvasRenderingContext2D, app: App, { tips }: Drawn, setting: Setting): number {
  const { t, width, size } = setting;
  if (t.sy < LEAST) return width - MOST_BESIDE;
  context.font = rowFont(setting, t.sy);
  let end = width - MOST_BESIDE;
  tips.models.forEach((m, k) => {
    const y = t.oy + t.sy * (tips.y[k] ?? 0);
    if (y < -8 || y > setting.height + 8) return;
    end = Math.max(end, t.ox + t.sx * (tips.x[k] ?? 0) + size / 2 + 11 + context.measureText(short(app, m)).width);
  });
  return Math.min(end, width - LEAST_BESIDE);
}

const rowFont = ({ inks }: Setting, gap: number) => (gap >= 13 ? inks.font.replace("500 ", "") : inks.small);

/** Whether brackets of families stand beside the tree. */
function isBracketed(app: App, { drawn, tree }: Drawn): boolean {
  const groups = app.families();
  if (drawn.kind !== "rectangular" || app.state.fold || groups === null || app.family() === null) return false;
  return bracketed(drawn, tree, groups).length > 0;
}

const brackets = new WeakMap<object, [number, number[]][]>();

/** Family clades of a drawing with their leaves, found once a drawing. */
function bracketed(drawn: Drawn["drawn"], tree: Tree, families: Families): [number, number[]][] {
  let known = brackets.get(drawn);
  if (known === undefined) {
    known = familyClades(tree, families, drawn.nodes[0] ?? tree.root, 3)
      .map((node): [number, number[]] => [node, tipsBelow(drawn, tree, node)])
      .filter(([, tips]) => tips.length > 0);
    brackets.set(drawn, known);
  }
  return known;
}

function tipsBelow(drawn: Drawn["drawn"], tree: Tree, node: number): number[] {
  return below(tree, node).filter((n) => (tree.tip[n] ?? -1) >= 0 && !Number.isNaN(drawn.x[n] ?? Number.NaN));
}

/** A model's name as the tree has room for it. */
const short = (app: App, m: number) => cut(app.label(m), 40);

function labelOf(app: App, { drawn, tips }: Drawn, { t }: Setting, k: number, strong: boolean): Label {
  const angle = drawn.angle[tips.nodes[k] ?? 0] ?? 0;
  const round = drawn.kind !== "rectangular";
  return {
    text: short(app, tips.models[k] ?? 0), x: t.ox + t.sx * (tips.x[k] ?? 0), y: t.oy + t.sy * (tips.y[k] ?? 0),
    strong, left: round && Math.cos(angle) < -0.2, firm: !round, ...(round ? { angle } : {}),
  };
}

/** Pixels between neighbouring names: none where ends lie in no order. */
const gapOf = ({ drawn }: Drawn, { t }: Setting) =>
  drawn.kind === "unrooted" ? 0 : drawn.kind === "rectangular" ? t.sy : Math.abs(t.sx) * drawn.depth * drawn.step;

/** The model under the pointer and the one that the card is about: before all others, and always. */
export function pointed(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, room: Room): void {
  if (gapOf(found, setting) >= ROW) return;
  const labels: Label[] = [];
  found.tips.models.forEach((m, k) => {
    if (m === app.hover || m === app.state.active) labels.push(labelOf(app, found, setting, k, true));
  });
  drawLabels(context, labels, { ...setting.inks, font: setting.inks.small }, setting.width, setting.height, { room });
}

/** Names of single models, where there is room; how many of those in view are not written. */
export function names(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, inView: InView, room: Room): number {
  const { drawn, tips } = found;
  const { t, inks } = setting;
  const gap = gapOf(found, setting);
  if (gap >= ROW) return rows(context, app, found, setting, place, inView, gap, room);
  // A folded tree has named its single models beside the clades.
  if (app.state.fold && app.state.selection.length === 0) return 0;
  const selected = app.selected();
  const matches = app.matches();
  const many = app.state.selection.length;
  const here: number[] = [];
  tips.models.forEach((_, k) => {
    if (inView([t.ox + t.sx * (tips.x[k] ?? 0), t.oy + t.sy * (tips.y[k] ?? 0)])) here.push(k);
  });
  const dense = drawn.kind === "rectangular" && gap < LEAST;
  const few = !app.state.fold && ((tips.models.length <= FEW && !dense) || (drawn.kind === "unrooted" && here.length <= MOST));
  const wanted = few || (many > 0 && many <= 200)
    ? here.filter((k) => (many === 0 || selected[tips.models[k] ?? 0] === 1) && matches[tips.models[k] ?? 0] === 1).slice(0, MOST) : [];
  const labels = wanted.filter((k) => tips.models[k] !== app.hover && tips.models[k] !== app.state.active).map((k) => labelOf(app, found, setting, k, false));
  const points = drawn.kind !== "rectangular" && tips.models.length <= FEW && few ? here.map((k) => [t.ox + t.sx * (tips.x[k] ?? 0), t.oy + t.sy * (tips.y[k] ?? 0)] as const) : [];
  const left = drawLabels(context, labels, { ...inks, font: inks.small }, setting.width, setting.height, { points, room });
  return app.state.fold ? left : here.length - wanted.length + left;
}

/** A name in every row; around a middle only where those nearer to it leave room. */
function rows(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, inView: InView, gap: number, room: Room): number {
  const { drawn, tree } = found;
  const { inks, size } = setting;
  const selected = app.selected();
  const matches = app.matches();
  const many = app.state.selection.length;
  const edge = isBracketed(app, found) ? bracketsAt(context, app, found, setting) : setting.width;
  context.font = rowFont(setting, gap);
  context.textBaseline = "middle";
  const middle: [number, number] = [setting.t.ox, setting.t.oy];
  const around: Spoke[] = [];
  let hidden = 0;
  for (const node of drawn.ends) {
    const m = tree.tip[node] ?? -1;
    const at = place(node);
    if (m < 0 || !inView(at)) continue;
    const strong = m === app.hover || m === app.state.active;
    const angle = drawn.kind === "rectangular" ? 0 : (drawn.angle[node] ?? 0);
    const far = drawn.kind === "radial" ? edgeOf(at, angle, setting) : edge - at[0];
    const text = fitted(context, short(app, m), far - size / 2 - 9);
    if (text === "") {
      hidden += 1;
      continue;
    }
    if (drawn.kind === "radial") {
      const from = Math.hypot(at[0] - middle[0], at[1] - middle[1]) + size / 2 + 5;
      const spoke = { angle, from, to: from + context.measureText(text).width };
      if (!strong && around.some((other) => close(spoke, other, gap >= 13 ? 12 : ROW))) {
        hidden += 1;
        continue;
      }
      around.push(spoke);
      for (let r = spoke.from; r < spoke.to; r += 8) {
        const [px, py] = [middle[0] + r * Math.cos(angle), middle[1] + r * Math.sin(angle)];
        room.taken.push([px - 4, py - 4, px + 4, py + 4]);
      }
    }
    const back = Math.cos(angle) < -1e-6;
    context.save();
    context.translate(...at);
    context.rotate(back ? angle + Math.PI : angle);
    context.globalAlpha = matches[m] ? 1 : 0.3;
    context.fillStyle = strong ? inks.accent : many === 0 || selected[m] === 1 ? inks.ink : inks.muted;
    context.textAlign = back ? "right" : "left";
    context.fillText(text, (back ? -1 : 1) * (size / 2 + 5), 0);
    context.restore();
  }
  return hidden;
}

/** Pixels from a point to the edge of the picture. */
function edgeOf([x, y]: readonly [number, number], angle: number, { width, height }: Setting): number {
  const [across, down] = [Math.cos(angle), Math.sin(angle)];
  const far = (part: number, at: number, size: number) => (Math.abs(part) < 1e-6 ? Infinity : part > 0 ? (size - at) / part : -at / part);
  return Math.min(far(across, x, width), far(down, y, height));
}

/** As much of a text as has room, nothing where that is next to nothing. */
function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  let shown = text;
  for (let wide = context.measureText(shown).width; wide > room; wide = context.measureText(shown).width) {
    if (shown.length <= 6) return "";
    shown = cut(shown, Math.max(6, Math.min(shown.length - 1, Math.floor((shown.length * room) / wide))));
  }
  return shown;
}

/** A name that runs away from the middle. */
interface Spoke {
  readonly angle: number;
  readonly from: number;
  readonly to: number;
}

/** Whether two such names touch: where they run side by side they must be a row apart. */
function close(a: Spoke, b: Spoke, apart: number): boolean {
  const nearest = Math.max(a.from, b.from);
  if (nearest >= Math.min(a.to, b.to)) return false;
  const turn = Math.abs(a.angle - b.angle) % (2 * Math.PI);
  return nearest * Math.min(turn, 2 * Math.PI - turn) < apart;
}
