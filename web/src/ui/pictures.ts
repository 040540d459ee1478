/** Drawings as files: what is seen as PNG, the whole as SVG. */

import { OUTLINES } from "../colour/palette";
import { paint } from "../colour/scale";
import { line } from "../text/safe";
import { escaped } from "../tree/svg";
import { patches } from "../view/places";
import type { Plot } from "../view/plot";
import type { App } from "./app";
import { download, downloadBlob } from "./dom";

/** The scene and what is written upon it, on the colour of the page. */
export function mapPng(plot: Plot, title: string): void {
  plot.now();
  const canvas = plot.composed();
  canvas.toBlob((blob) => {
    if (blob !== null) downloadBlob(`${fileName(title)}.png`, blob);
  }, "image/png");
}

export function fileName(title: string): string {
  return `cladist-${title.replace(/[^\w-]+/g, "-").slice(0, 40) || "atlas"}`;
}

const SIDE = 900;

/** The whole map for paper: all models, the names of groups, a legend. */
export function mapSvg(app: App, x: Float32Array, y: Float32Array): void {
  const column = app.column(app.state.colour);
  const painting = paint(column, app.count, "light");
  const matches = app.matches();
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  x.forEach((v, i) => {
    [x0, x1, y0, y1] = [Math.min(x0, v), Math.max(x1, v), Math.min(y0, y[i] ?? 0), Math.max(y1, y[i] ?? 0)];
  });
  const scale = (SIDE - 80) / Math.max(x1 - x0, y1 - y0, 1e-9);
  const px = (v: number) => (40 + (v - x0) * scale).toFixed(1);
  const py = (v: number) => (60 + (v - y0) * scale).toFixed(1);
  const height = Math.max(60 + (y1 - y0) * scale + 40, painting.legend.kind === "groups" ? 90 + 16 * painting.legend.rows.length : 0);
  const size = x.length > 2000 ? 2 : x.length > 300 ? 3 : 4.5;
  const shape = (k: number, cx: string, cy: string, colour: string, radius: number) => {
    const corners = OUTLINES[k] ?? [];
    return corners.length === 0 ? `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${colour}"/>`
      : `<polygon points="${corners.map(([a, b]) => `${(Number(cx) + radius * a).toFixed(1)},${(Number(cy) + radius * b).toFixed(1)}`).join(" ")}" fill="${colour}"/>`;
  };
  const out: string[] = [];
  x.forEach((v, i) => {
    if (!matches[i]) return;
    const colour = `rgb(${painting.rgb[3 * i]},${painting.rgb[3 * i + 1]},${painting.rgb[3 * i + 2]})`;
    out.push(`<g>${shape(painting.shape[i] ?? 0, px(v), py(y[i] ?? 0), colour, size)}<title>${escaped(app.label(i))}</title></g>`);
  });
  if (column?.kind === "category")
    for (const p of patches(x, y, (i) => (matches[i] ? (painting.group[i] ?? -1) : -1), 34 / scale, 2).slice(0, 60))
      out.push(`<text x="${px(p.x)}" y="${(Number(py(p.y)) - 8).toFixed(1)}" text-anchor="middle" font-weight="600" stroke="#ffffff" stroke-width="3" paint-order="stroke" fill="#1c1f23">${escaped(app.brief(column, p.group))}</text>`);
  const { legend } = painting;
  if (legend.kind === "groups")
    legend.rows.forEach((row, k) => {
      out.push(shape(row.mark.shape, String(SIDE + 12), String(70 + 16 * k), row.mark.colour, 4.5));
      out.push(`<text x="${SIDE + 24}" y="${74 + 16 * k}" fill="#1c1f23">${escaped(`${line(row.name, 44)} (${row.count})`)}</text>`);
    });
  const width = SIDE + (legend.kind === "groups" ? 320 : 0);
  download(`${fileName(app.atlas.title)}-map.svg`, "image/svg+xml",
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height.toFixed(0)}" viewBox="0 0 ${width} ${height.toFixed(0)}" font-family="sans-serif" font-size="11">
<title>${escaped(line(app.atlas.title, 200))}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="20" y="28" font-size="15" font-weight="600">${escaped(line(app.atlas.title, 100))}</text>
${out.join("\n")}
</svg>
`);
}
