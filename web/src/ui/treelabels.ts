/** What is written upon the tree: names, collapsed clades, support, the scale. */

import { css } from "../colour/scale";
import type { Rgb } from "../colour/palette";
import type { Transform } from "../gl/scene";
import { grouped } from "../text/safe";
import { branchColour } from "../tree/paint";
import type { App } from "./app";
import { drawLabels } from "./labels";
import type { Inks, Label } from "./labels";
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

const ROW = 9.5;

export function annotate(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting): void {
  const { t, inks } = setting;
  const { drawn, tree } = found;
  const place = (node: number): [number, number] => [
    t.ox + t.sx * (drawn.x[node] ?? 0), t.oy + t.sy * (drawn.y[node] ?? 0),
  ];
  const inView = ([x, y]: [number, number]) =>
    x > -200 && y > -20 && x < setting.width + 200 && y < setting.height + 20;
  clades(context, app, found, setting, place, inView);
  if (app.state.support) supports(context, found, setting, place, inView);
  names(context, app, found, setting, place, inView);
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
  if (app.state.lengths && hasLengths(tree.length)) scaleBar(context, setting);
}

function hasLengths(lengths: Float64Array): boolean {
  return lengths.some((v) => v > 0);
}

type Place = (node: number) => [number, number];
type InView = (at: [number, number]) => boolean;

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

/** Collapsed clades as wedges that open away from the root. */
function clades(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, inView: InView): void {
  const { drawn, tree } = found;
  const painting = app.painting();
  for (const node of drawn.ends) {
    if ((tree.tip[node] ?? -1) >= 0) continue;
    const at = place(node);
    if (!inView(at)) continue;
    const angle = drawn.kind === "rectangular" ? 0 : (drawn.angle[node] ?? 0);
    context.save();
    context.translate(...at);
    context.rotate(angle);
    const half = drawn.kind === "rectangular" ? Math.max(2, Math.min(9, setting.t.sy * 0.42)) : 6;
    context.beginPath();
    context.moveTo(0, 0);
    context.lineTo(20, -half);
    context.lineTo(20, half);
    context.closePath();
    context.globalAlpha = (found.below.matching[node] ?? 0) === 0 ? 0.25 : 1;
    context.fillStyle = css(branchColour(node, found.below, painting, setting.plain));
    context.fill();
    if ((found.below.selected[node] ?? 0) > 0) {
      context.strokeStyle = setting.inks.ink;
      context.lineWidth = 1.5;
      context.stroke();
    }
    const back = Math.cos(angle) < -1e-6;
    if (back) context.rotate(Math.PI);
    context.font = setting.inks.small;
    context.fillStyle = setting.inks.muted;
    context.textBaseline = "middle";
    context.textAlign = back ? "right" : "left";
    context.fillText(`${grouped(tree.leaves[node] ?? 0)} models`, back ? -25 : 25, 0);
    context.restore();
  }
}

/** Percentages where there is room for them, dots from 70 % upwards elsewhere. */
function supports(context: CanvasRenderingContext2D, found: Drawn, setting: Setting, place: Place, inView: InView): void {
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
  const room = drawn.kind === "rectangular" && setting.t.sy >= 8;
  context.font = setting.inks.small.replace("11px", "9.5px");
  context.textAlign = "right";
  context.textBaseline = "alphabetic";
  const taken: [number, number][] = [];
  for (const [x, y, value] of shown) {
    if ((room || shown.length < 80) && !taken.some(([a, b]) => Math.abs(a - x) < 18 && Math.abs(b - y) < 9)) {
      context.fillStyle = value >= 0.7 ? setting.inks.ink : setting.inks.muted;
      context.strokeStyle = setting.inks.paper;
      context.lineWidth = 2.5;
      const text = String(Math.round(value * 100));
      context.strokeText(text, x - 3, y - 2.5);
      context.fillText(text, x - 3, y - 2.5);
      taken.push([x, y]);
    } else if (value >= 0.7 && shown.length < 260) {
      context.beginPath();
      context.arc(x, y, 0.8 + 1.4 * ((value - 0.7) / 0.3), 0, 2 * Math.PI);
      context.fillStyle = setting.inks.ink;
      context.fill();
    }
  }
}

function names(context: CanvasRenderingContext2D, app: App, found: Drawn, setting: Setting, place: Place, inView: InView): void {
  const { drawn, tips, tree } = found;
  const { t, inks, size } = setting;
  const selected = app.selected();
  const matches = app.matches();
  const many = app.state.selection.length;
  const shown = (m: number, strong: boolean) => strong || many === 0 || selected[m] === 1;
  const gap = drawn.kind === "unrooted" ? 0 : drawn.kind === "rectangular" ? t.sy : Math.abs(t.sx) * drawn.depth * drawn.step;
  const text = (m: number) => {
    const label = app.label(m);
    return label.length > 40 ? `${label.slice(0, 39)}…` : label;
  };
  if (gap >= ROW) {
    context.font = gap >= 13 ? inks.font.replace("500 ", "") : inks.small;
    context.textBaseline = "middle";
    for (const node of drawn.ends) {
      const m = tree.tip[node] ?? -1;
      const at = place(node);
      if (m < 0 || !inView(at)) continue;
      const strong = m === app.hover || m === app.state.active;
      const angle = drawn.kind === "rectangular" ? 0 : (drawn.angle[node] ?? 0);
      const back = Math.cos(angle) < -1e-6;
      context.save();
      context.translate(...at);
      context.rotate(back ? angle + Math.PI : angle);
      context.globalAlpha = matches[m] ? 1 : 0.3;
      context.fillStyle = strong ? inks.accent : shown(m, strong) ? inks.ink : inks.muted;
      context.textAlign = back ? "right" : "left";
      context.fillText(text(m), (back ? -1 : 1) * (size / 2 + 5), 0);
      context.restore();
    }
    return;
  }
  const labels: Label[] = [];
  const add = (k: number, strong: boolean) =>
    labels.push({ text: text(tips.models[k] ?? 0), x: t.ox + t.sx * (tips.x[k] ?? 0), y: t.oy + t.sy * (tips.y[k] ?? 0), strong, left: Math.cos(drawn.angle[tips.nodes[k] ?? 0] ?? 0) < -0.2 });
  tips.models.forEach((m, k) => {
    if (m === app.hover || m === app.state.active) add(k, true);
  });
  const few = tips.models.length <= 120;
  if (few || (many > 0 && many <= 200))
    tips.models.forEach((m, k) => {
      if (labels.length < 220 && shown(m, false) && matches[m]) add(k, false);
    });
  const points = few ? [...tips.x].map((x, k) => [t.ox + t.sx * x, t.oy + t.sy * (tips.y[k] ?? 0)] as const) : [];
  drawLabels(context, labels, { ...inks, font: inks.small }, setting.width, setting.height, "beside", points);
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
