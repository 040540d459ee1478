/** A tree as a picture in SVG, as text. */

import { OUTLINES } from "../colour/palette";
import type { Rgb } from "../colour/palette";
import { css } from "../colour/scale";
import { transform } from "../view/camera";
import type { Drawing } from "./layout";
import type { Tree } from "./tree";

export interface SvgLook {
  readonly width: number;
  readonly label: (node: number) => string;
  readonly branch: (node: number) => Rgb;
  readonly tip: (node: number) => { readonly colour: Rgb; readonly shape: number } | null;
  readonly support: boolean;
  readonly title: string;
}

const ROW = 14;

/** The picture; as high as its rows need. */
export function svg(tree: Tree, drawn: Drawing, look: SvgLook): string {
  const rows = drawn.ends.length;
  const flat = drawn.kind === "rectangular";
  const height = flat ? rows * ROW + 60 : Math.max(look.width, (rows * ROW) / Math.PI + 320);
  const width = flat ? look.width : height;
  const side = flat ? 16 : 150;
  const t = transform(
    { bounds: drawn.bounds, width, height, inset: [side, flat ? 16 : side, flat ? 230 : side, flat ? 44 : side], uniform: !flat },
    null,
  );
  const px = (x: number) => (t.ox + t.sx * x).toFixed(1);
  const py = (y: number) => (t.oy + t.sy * y).toFixed(1);
  const paths = new Map<string, string[]>();
  drawn.owner.forEach((node, k) => {
    const colour = css(look.branch(node));
    const at = (i: number) => drawn.pieces[4 * k + i] ?? 0;
    const path = paths.get(colour) ?? [];
    path.push(`M${px(at(0))} ${py(at(1))}L${px(at(2))} ${py(at(3))}`);
    paths.set(colour, path);
  });
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width.toFixed(0)}" height="${height.toFixed(0)}" viewBox="0 0 ${width.toFixed(0)} ${height.toFixed(0)}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(look.title)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...[...paths].map(([colour, d]) => `<path d="${d.join("")}" fill="none" stroke="${colour}" stroke-width="1.2"/>`),
  ];
  for (const node of drawn.ends) out.push(...end(tree, drawn, look, node, px, py, flat));
  if (look.support)
    for (const node of drawn.nodes) {
      const value = tree.support[node] ?? Number.NaN;
      if (Number.isNaN(value) || node === drawn.nodes[0] || (tree.tip[node] ?? -1) >= 0) continue;
      out.push(
        `<text x="${px(drawn.x[node] ?? 0)}" y="${py(drawn.y[node] ?? 0)}" dx="-3" dy="-3" text-anchor="end" font-size="8" fill="#555555">${Math.round(value * 100)}</text>`,
      );
    }
  return `${out.join("\n")}\n</svg>\n`;
}

function end(
  tree: Tree,
  drawn: Drawing,
  look: SvgLook,
  node: number,
  px: (x: number) => string,
  py: (y: number) => string,
  flat: boolean,
): string[] {
  const [x, y] = [px(drawn.x[node] ?? 0), py(drawn.y[node] ?? 0)];
  const angle = flat ? 0 : (drawn.angle[node] ?? 0);
  const back = Math.cos(angle) < -1e-6;
  const degrees = ((back ? angle + Math.PI : angle) * 180) / Math.PI;
  const found: string[] = [];
  const tip = look.tip(node);
  if (tip !== null) {
    const corners = OUTLINES[tip.shape] ?? [];
    const colour = css(tip.colour);
    found.push(
      corners.length === 0
        ? `<circle cx="${x}" cy="${y}" r="3.6" fill="${colour}"/>`
        : `<polygon points="${corners.map(([a, b]) => `${(Number(x) + 4 * a).toFixed(1)},${(Number(y) + 4 * b).toFixed(1)}`).join(" ")}" fill="${colour}"/>`,
    );
  } else if ((tree.children[node]?.length ?? 0) > 0) {
    const turn = ((angle * 180) / Math.PI).toFixed(1);
    found.push(`<path d="M0 0L14 -5L14 5Z" transform="translate(${x} ${y}) rotate(${turn})" fill="${css(look.branch(node))}"/>`);
  }
  const gap = tip === null ? 18 : 8;
  found.push(
    `<text transform="translate(${x} ${y}) rotate(${degrees.toFixed(1)})" x="${back ? -gap : gap}" dy="0.35em" text-anchor="${back ? "end" : "start"}" fill="#1c1f23">${escaped(look.label(node))}</text>`,
  );
  return found;
}

// What XML 1.0 forbids has no escape: it is dropped.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/gu;

export function escaped(text: string): string {
  return text
    .replace(FORBIDDEN, "\ufffd")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
