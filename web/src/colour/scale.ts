/** From a column to the colour and shape of every model, and to the legend. */

import { interpolateCividis } from "d3-scale-chromatic";
import { neutral } from "../data/columns";
import type { Column } from "../data/columns";
import { figure } from "../text/safe";
import { MOST, OTHER, mark, rgb } from "./palette";
import type { Mark, Rgb, Theme } from "./palette";

export interface Painting {
  readonly key: string;
  /** Red, green, blue a model. */
  readonly rgb: Uint8Array;
  /** Index into SHAPES a model. */
  readonly shape: Uint8Array;
  /** 1 where the model has no value. */
  readonly missing: Uint8Array;
  /** Groups for colouring branches: rank of the category, -1 for others and missing ones. */
  readonly group: Int32Array;
  readonly legend: Legend;
}

export type Legend =
  | {
      readonly kind: "groups";
      readonly rows: readonly { name: string; count: number; mark: Mark }[];
      readonly others: { readonly groups: number; readonly models: number } | null;
      readonly missing: number;
    }
  | {
      readonly kind: "ramp";
      readonly stops: readonly string[];
      readonly ticks: readonly { readonly at: number; readonly label: string }[];
      readonly log: boolean;
      readonly missing: number;
    }
  | { readonly kind: "none" };

/** Part of the ramp that stands out from the theme's background. */
const SPAN: Readonly<Record<Theme, readonly [number, number]>> = {
  light: [0, 0.92],
  dark: [0.22, 1],
};

/** Paints `count` models by a column; without one all alike. */
export function paint(column: Column | null, count: number, theme: Theme): Painting {
  if (column === null || (column.kind !== "category" && column.extent === null))
    return uniform(column, count, theme);
  return column.kind === "category" ? grouped(column, count, theme) : ramped(column, count, theme);
}

function blank(key: string, count: number, legend: Legend): Painting {
  return {
    key,
    rgb: new Uint8Array(count * 3),
    shape: new Uint8Array(count),
    missing: new Uint8Array(count),
    group: new Int32Array(count).fill(-1),
    legend,
  };
}

function uniform(column: Column | null, count: number, theme: Theme): Painting {
  const painting = blank(column?.key ?? "", count, { kind: "none" });
  const colour = rgb(mark(4, theme).colour);
  for (let i = 0; i < count; i++) painting.rgb.set(colour, 3 * i);
  return painting;
}

function grouped(column: Column, count: number, theme: Theme): Painting {
  const marks = column.categories.slice(0, MOST).map((name, k) => mark(neutral(column.key, name) ? -1 : k, theme));
  const alone = column.categories.findIndex((name) => neutral(column.key, name));
  const rest = column.counts.slice(MOST);
  const painting = blank(column.key, count, {
    kind: "groups",
    rows: marks.map((m, k) => ({
      name: column.categories[k] ?? "",
      count: column.counts[k] ?? 0,
      mark: m,
    })),
    others:
      rest.length === 0 ? null : { groups: rest.length, models: rest.reduce((a, b) => a + b, 0) },
    missing: column.missing,
  });
  const colours = marks.map((m) => rgb(m.colour));
  const other = rgb(OTHER[theme]);
  for (let i = 0; i < count; i++) {
    const rank = column.number[i] ?? Number.NaN;
    const own = rank < MOST;
    painting.rgb.set(own ? (colours[rank] ?? other) : other, 3 * i);
    painting.shape[i] = own ? (marks[rank]?.shape ?? 0) : 0;
    painting.missing[i] = Number.isNaN(rank) ? 1 : 0;
    painting.group[i] = own && rank !== alone ? rank : -1;
  }
  return painting;
}

function ramped(column: Column, count: number, theme: Theme): Painting {
  const [low, high] = column.extent ?? [0, 1];
  // Sizes and counts span orders of magnitude: equal ratios get equal steps there.
  const log = column.kind === "number" && low > 0 && high / low > 100;
  const place = log ? Math.log : (v: number) => v;
  const [from, to] = [place(low), place(high)];
  const share = (v: number) => (to > from ? (place(v) - from) / (to - from) : 0.5);
  const painting = blank(column.key, count, {
    kind: "ramp",
    stops: Array.from({ length: 9 }, (_, k) => css(ramp(k / 8, theme))),
    ticks: ticks(column, log).map((v) => ({ at: share(v), label: tickLabel(column, v) })),
    log,
    missing: column.missing,
  });
  const other = rgb(OTHER[theme]);
  const steps = Array.from({ length: 256 }, (_, k) => ramp(k / 255, theme));
  for (let i = 0; i < count; i++) {
    const value = column.number[i] ?? Number.NaN;
    painting.missing[i] = Number.isNaN(value) ? 1 : 0;
    const step = Number.isNaN(value) ? other : steps[Math.round(share(value) * 255)];
    painting.rgb.set(step ?? other, 3 * i);
  }
  return painting;
}

function ramp(share: number, theme: Theme): Rgb {
  const [from, to] = SPAN[theme];
  const parts = interpolateCividis(from + share * (to - from)).match(/\d+/g) ?? [];
  return [Number(parts[0]), Number(parts[1]), Number(parts[2])];
}

export function css(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}

function tickLabel(column: Column, value: number): string {
  return column.kind === "date" ? new Date(value).toISOString().slice(0, 7) : figure(value);
}

/** Ends and a few round values between them. */
function ticks(column: Column, log: boolean): number[] {
  const [low, high] = column.extent ?? [0, 1];
  if (low === high) return [low];
  const inner: number[] = [];
  if (log) {
    for (let e = Math.ceil(Math.log10(low)); 10 ** e <= high; e++) inner.push(10 ** e);
  } else if (column.kind === "date") {
    const [first, last] = [new Date(low).getUTCFullYear(), new Date(high).getUTCFullYear()];
    for (let year = first + 1; year <= last; year++) inner.push(Date.UTC(year, 0));
  } else {
    const rough = (high - low) / 3;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
    for (let k = Math.ceil(low / step); k * step <= high; k++) inner.push(k * step);
  }
  // The ends are always told; round values between them where they have room.
  const place = log ? Math.log : (v: number) => v;
  const share = (v: number) => (place(v) - place(low)) / (place(high) - place(low));
  const room = column.kind === "date" ? 0.32 : 0.2;
  return [low, ...thinned(inner.filter((v) => share(v) > room && share(v) < 1 - room), 2), high];
}

function thinned(values: readonly number[], most: number): number[] {
  const every = Math.ceil(values.length / most);
  return values.filter((_, k) => k % every === 0);
}
