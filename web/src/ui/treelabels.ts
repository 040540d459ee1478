/** What is written upon the tree: names, collapsed clades, support, the scale. */

import { css } from "../colour/scale";
import type { Rgb } from "../colour/palette";
import type { Transform } from "../gl/scene";
import { mark } from "../colour/palette";
import type { Mark } from "../colour/palette";
import type { Verdict } from "../data/types";
import { tr } from "../text/words";
import { contents, isFamily } from "../tree/fold";
import { branchColour } from "../tree/paint";
import { models } from "../tree/tree";
import type { Tree } from "../tree/tree";
import type { App } from "./app";
import { begin, fillMark, ring as kinRing } from "./kinmarks";
import { claim, cut, drawLabels, emptyRoom, ROW } from "./labels";
import type { Box, Inks, Label, Room } from "./labels";
import { families, names, pointed } from "./treenames";
import type { Drawn } from "./treeview";

export interface Setting {
  readonly t: Transform;
  readonly width: number;
  readonly height: number;
  readonly inks: Inks;
  readonly node: number | null;
  readonly hoverNode: number | null;
  readonly size: number;
  readonly plain: Rgb;
}

/** Draws all of it; tells how many names of what is in view found no room. */
export function annotate(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting): number {
  const { t, inks, width, height } = setting;
  const { drawn, tree } = found;
  const place = (node: number): [number, number] => [
    t.ox + t.sx * (drawn.x[node] ?? 0), t.oy + t.sy * (drawn.y[node] ?? 0),
  ];
  const inView = ([x, y]: [number, number]) => x > -20 && y > -8 && x < width + 8 && y < height + 8;
  const room = emptyRoom();
  const scale = app.state.branches !== "flush" && hasLengths(tree.length);
  if (scale) room.taken.push([0, height - 26, 150, height]);
  // There it is told how many names have no room.
  room.taken.push([width - 270, height - 20, width, height]);
  const labels = clades(context, app, found, setting, place, inView, room);
  lit(context, app, found, setting, place, room);
  pointed(context, app, found, setting, room);
  let hidden = drawLabels(context, labels, { ...inks, font: inks.small }, width, height, { room });
  const later = drawn.kind === "radial";
  if (!later) families(context, app, found, setting, place, room);
  hidden += names(context, app, found, setting, place, inView, room);
  if (later) families(context, app, found, setting, place, room);
  if (app.state.support) supports(context, found, setting, place, inView, room);
  for (const node of [setting.hoverNode, setting.node]) {
    if (node === null || Number.isNaN(drawn.x[node] ?? Number.NaN)) continue;
    ring(context, ...place(node), 6, inks.accent);
  }
  for (const model of new Set([app.hover, app.state.active])) {
    if (model === null) continue;
    const k = found.tips.models.indexOf(model);
    if (k >= 0)
      ring(context, t.ox + t.sx * (found.tips.x[k] ?? 0), t.oy + t.sy * (found.tips.y[k] ?? 0), setting.size / 2 + 5, inks.accent);
  }
  if (scale) scaleBar(context, setting);
  return hidden;
}

function hasLengths(lengths: Float64Array): boolean {
  return lengths.some((v) => v > 0);
}

export type Place = (node: number) => [number, number];
export type InView = (at: [number, number]) => boolean;

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

/** A clade in words: its family and count, or how many models of which families. */
export function cladeName(app: App, tree: Tree, node: number): string {
  const families = app.families();
  const column = app.family();
  const leaves = tree.leaves[node] ?? 0;
  if (families === null || column === null) return tr("{n} model|{n} models", { n: leaves });
  if (isFamily(tree, families, node)) {
    const known = families.known[node] ?? 0;
    const who = app.brief(column, families.rank[node] ?? 0);
    return known === leaves ? tr("{name}: {n} model|{name}: {n} models", { name: who, n: leaves })
      : tr("{name}: {known} of {n} models", { name: who, known, n: leaves });
  }
  const found = contents(tree, node, (m) => app.familyRank(m));
  const most = found.slice(0, 2).map((c) => `${app.brief(column, c.rank)} ${c.count}`);
  if (found.length > 2) most.push(tr("{n} other|{n} others", { n: found.length - 2 }));
  const count = tr("{n} model|{n} models", { n: leaves });
  return most.length === 0 ? count : `${count}: ${most.join(tr(", "))}`;
}

const told = new WeakMap<Tree, Map<number, string>>();

function nameOf(app: App, tree: Tree, node: number): string {
  let known = told.get(tree);
  if (known === undefined) told.set(tree, (known = new Map()));
  let found = known.get(node);
  if (found === undefined) known.set(node, (found = cladeName(app, tree, node)));
  return found;
}

/** Closed clades as wedges that reach as far as their farthest leaf; their names, largest first. */
function clades(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, inView: InView, room: Room): Label[] {
  const { drawn, tree } = found;
  const { t, inks } = setting;
  const painting = app.painting();
  const kin = new Set(app.kin === null ? [] : [...app.kin.relatives.map((r) => r.index), app.kin.index ?? -1]);
  const labels: Label[] = [];
  const flat = drawn.kind === "rectangular";
  const gap = flat ? t.sy : Math.abs(t.sx) * drawn.depth * drawn.step;
  drawn.ends.forEach((node, k) => {
    const at = place(node);
    const tip = tree.tip[node] ?? -1;
    if (tip >= 0) {
      // Names of single models come last, where clades leave room.
      const angle = drawn.angle[node] ?? 0;
      if (app.state.fold && (gap < ROW || drawn.kind === "unrooted") && inView(at))
        labels.push({ text: cut(app.label(tip), 34), x: at[0], y: at[1], left: !flat && Math.cos(angle) < -0.2, firm: flat, rank: 1, ...(flat ? {} : { angle }) });
      return;
    }
    if (!inView(at)) return;
    const angle = flat ? 0 : (drawn.angle[node] ?? 0);
    const long = Math.max(8, Math.abs(t.sx) * ((drawn.reach[node] ?? 0) - depthOf(drawn, node)));
    const half = Math.max(1.5, Math.min(flat ? 60 : 30, gap * (drawn.weight[k] ?? 1) * 0.42));
    context.save();
    context.translate(...at);
    context.rotate(angle);
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(long, -half);
    context.lineTo(long, half);
    context.closePath();
    context.globalAlpha = (found.below.matching[node] ?? 0) === 0 ? 0.2 : 0.85;
    context.fillStyle = css(branchColour(node, found.below, painting, setting.plain));
    context.fill();
    context.globalAlpha = 1;
    if ((found.below.selected[node] ?? 0) > 0) {
      context.strokeStyle = inks.ink;
      context.lineWidth = 1.5;
      context.stroke();
    }
    context.restore();
    const end: [number, number] = [at[0] + long * Math.cos(angle), at[1] + long * Math.sin(angle)];
    const inside = kin.size === 0 ? [] : models(tree, node).filter((m) => kin.has(m));
    const itself = app.kin !== null && inside.includes(app.kin.index ?? -1);
    const holds = inside.length;
    if (holds > 0) {
      const style = getComputedStyle(document.body);
      context.strokeStyle = style.getPropertyValue("--accent").trim();
      context.lineWidth = 2;
      context.beginPath();
      context.arc(...at, 5, 0, 2 * Math.PI);
      context.stroke();
    }
    const what = nameOf(app, tree, node);
    const own = flat ? [] : wedgeBoxes(at, angle, long, half);
    room.avoid.push(...own);
    labels.push({
      text: holds > 0 ? `${what} · ${itself ? tr("it and {n} near", { n: holds - 1 }) : tr("{n} near it", { n: holds })}` : what, x: end[0], y: end[1],
      // One name stands in any case; two that must would lie upon each other where rows are narrow.
      strong: itself, left: Math.cos(angle) < -0.2, firm: flat, own, ...(flat ? {} : { angle }),
      mark: familyMark(app, found, node), rank: itself ? 2e9 : holds > 0 ? 1e9 + holds : (tree.leaves[node] ?? 0),
    });
  });
  return labels.sort((x, y) => (y.rank ?? 0) - (x.rank ?? 0));
}

/** Boxes that cover a wedge about. */
function wedgeBoxes([x, y]: [number, number], angle: number, long: number, half: number): Box[] {
  return [0.35, 0.6, 0.85].map((part): Box => {
    const [px, py, r] = [x + part * long * Math.cos(angle), y + part * long * Math.sin(angle), Math.max(4, part * half * 0.8)];
    return [px - r, py - r, px + r, py + r];
  });
}

function familyMark(app: App, { tree }: Drawn, node: number): Mark | undefined {
  const families = app.families();
  // Marks of families beside colours of another column would be read as its groups.
  if (families === null || !isFamily(tree, families, node) || app.state.colour !== app.family()?.key) return undefined;
  return mark(families.rank[node] ?? -1, app.theme);
}

function depthOf(drawn: Drawn["drawn"], node: number): number {
  const [x, y] = [drawn.x[node] ?? 0, drawn.y[node] ?? 0];
  // Only the flat layout has depth along an axis; from the middle the round ones have it as radius.
  return drawn.kind === "rectangular" ? x : drawn.kind === "radial" ? Math.hypot(x, y) : (drawn.reach[node] ?? 0) - 0.06 * drawn.depth;
}

/** The way from the chosen model to each of its kin, and their leaves. */
function lit(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, room: Room): void {
  const { kin } = app;
  if (kin === null) return;
  const { drawn, tree } = found;
  const style = getComputedStyle(document.body);
  const leaf = new Map<number, number>();
  for (let n = 0; n < tree.size; n++) if ((tree.tip[n] ?? -1) >= 0) leaf.set(tree.tip[n] ?? -1, n);
  const start = kin.index === null ? undefined : leaf.get(kin.index);
  const up = (from: number) => {
    const way: number[] = [];
    for (let at = from; at >= 0; at = tree.parent[at] ?? -1) way.push(at);
    return way;
  };
  const wanted = new Map<number, Verdict>();
  if (start !== undefined)
    for (const r of [...kin.relatives].reverse()) {
      const end = leaf.get(r.index);
      if (end === undefined || r.verdict !== "related") continue;
      const [a, b] = [up(start), up(end)];
      const shared = new Set(b);
      const meet = a.find((n) => shared.has(n));
      for (const n of [...a.slice(0, a.indexOf(meet ?? -1)), ...b.slice(0, b.indexOf(meet ?? -1))]) wanted.set(n, r.verdict);
    }
  if (wanted.size > 0) {
    context.save();
    begin(context, style, "related");
    context.beginPath();
    drawn.owner.forEach((node, k) => {
      if (!wanted.has(node)) return;
      const at = (i: number) => drawn.pieces[4 * k + i] ?? 0;
      context.moveTo(setting.t.ox + setting.t.sx * at(0), setting.t.oy + setting.t.sy * at(1));
      context.lineTo(setting.t.ox + setting.t.sx * at(2), setting.t.oy + setting.t.sy * at(3));
    });
    context.stroke();
    context.restore();
  }
  kin.relatives.forEach((r, k) => {
    const node = leaf.get(r.index);
    if (node === undefined || Number.isNaN(drawn.x[node] ?? Number.NaN)) return;
    context.save();
    begin(context, style, r.verdict);
    kinRing(context, ...place(node), setting.size / 2 + 4, k + 1, setting.inks.paper);
    context.restore();
  });
  if (kin.index === null && kin.below.length > 0) {
    const ways = kin.below.map((m) => leaf.get(m)).filter((n) => n !== undefined).map(up);
    const shared = ways[0]?.find((n) => ways.every((way) => way.includes(n)));
    const visible = shared === undefined ? undefined : up(shared).find((n) => !Number.isNaN(drawn.x[n] ?? Number.NaN));
    if (visible !== undefined) {
      fillMark(context, 3, ...place(visible), 7, setting.inks.accent);
      const [x, y] = place(visible);
      drawLabels(context, [{ text: cut(kin.name, 40), x, y, strong: true }], setting.inks, setting.width, setting.height, { room });
    }
  }
}

/** Percentages where there is room for them, dots from 70 % upwards elsewhere. */
function supports(context: CanvasRenderingContext2D, found: Drawn, setting: Setting, place: Place, inView: InView, names: Room): void {
  const { drawn, tree } = found;
  const shown: [number, number, number][] = [];
  for (const node of drawn.nodes) {
    const value = tree.support[node] ?? Number.NaN;
    // Support belongs to the branch above, which the topmost node does not have.
    if (Number.isNaN(value) || node === drawn.nodes[0] || (tree.children[node]?.length ?? 0) === 0) continue;
    const at = place(node);
    if (inView(at)) shown.push([...at, value]);
    if (shown.length > 700) return;
  }
  const wide = drawn.kind === "rectangular" && setting.t.sy >= 8;
  context.font = setting.inks.small.replace("11px", "9.5px");
  context.textAlign = "right";
  context.textBaseline = "alphabetic";
  for (const [x, y, value] of shown) {
    if ((wide || shown.length < 80) && claim(names, [x - 17, y - 12, x - 2, y - 2])) {
      context.fillStyle = value >= 0.7 ? setting.inks.ink : setting.inks.muted;
      context.strokeStyle = setting.inks.paper;
      context.lineWidth = 2.5;
      const text = String(Math.round(value * 100));
      context.strokeText(text, x - 3, y - 2.5);
      context.fillText(text, x - 3, y - 2.5);
    } else if (value >= 0.7 && shown.length < 260) {
      context.beginPath();
      context.arc(x, y, 0.8 + 1.4 * ((value - 0.7) / 0.3), 0, 2 * Math.PI);
      context.fillStyle = setting.inks.ink;
      context.fill();
    }
  }
}

function scaleBar(context: CanvasRenderingContext2D, { t, height, inks }: Setting): void {
  const rough = 90 / Math.abs(t.sx);
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = ([5, 2, 1].find((m) => m * power <= rough) ?? 1) * power;
  const [x, y] = [14, height - 10];
  const width = size * Math.abs(t.sx);
  context.strokeStyle = inks.muted;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y - 4);
  context.lineTo(x, y);
  context.lineTo(x + width, y);
  context.lineTo(x + width, y - 4);
  context.stroke();
  context.font = inks.small;
  context.fillStyle = inks.muted;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(String(Number(size.toPrecision(2))), x + width + 5, y + 1);
}
