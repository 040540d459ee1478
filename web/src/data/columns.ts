/** Columns of the table as typed arrays, with what scales and filters need to know. */

import { remark } from "../text/remarks";
import { figure, line } from "../text/safe";
import type { AtlasDocument, Cell, ColumnDocument, ColumnKind } from "./types";

export interface Column {
  readonly key: string;
  readonly label: string;
  readonly kind: ColumnKind;
  /** Categories: texts as in the document, or null. Numbers and dates: see `number`. */
  readonly values: readonly Cell[];
  /** Numbers, dates as milliseconds; for categories their rank; NaN where missing. */
  readonly number: Float64Array;
  /** Categories, most frequent first, equals by name. */
  readonly categories: readonly string[];
  readonly counts: readonly number[];
  readonly extent: readonly [number, number] | null;
  readonly missing: number;
}

/** All columns of a document, in its order. */
export function columns(document: AtlasDocument): Column[] {
  return document.models.columns.map(column);
}

export function column(source: ColumnDocument): Column {
  return source.kind === "category" ? categorical(source) : measured(source);
}

/** Whether a value is no group of its own: models that no measured cluster took in. */
export function neutral(key: string, value: string): boolean {
  return key === "cluster" && value === "alone";
}

function categorical(source: ColumnDocument): Column {
  const counts = new Map<string, number>();
  for (const value of source.values)
    if (value !== null && value !== "") counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const last = (name: string) => (neutral(source.key, name) ? 1 : 0);
  const ranked = [...counts].sort((a, b) => last(a[0]) - last(b[0]) || b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const rank = new Map(ranked.map(([name], k) => [name, k]));
  const number = Float64Array.from(source.values, (v) =>
    v === null || v === "" ? Number.NaN : (rank.get(String(v)) ?? Number.NaN),
  );
  return {
    key: source.key,
    label: source.label,
    kind: "category",
    values: source.values,
    number,
    categories: ranked.map(([name]) => name),
    counts: ranked.map(([, count]) => count),
    extent: null,
    missing: number.reduce((sum, v) => sum + (Number.isNaN(v) ? 1 : 0), 0),
  };
}

function measured(source: ColumnDocument): Column {
  const read = source.kind === "date" ? instant : quantity;
  const number = Float64Array.from(source.values, read);
  let low = Infinity;
  let high = -Infinity;
  let missing = 0;
  for (const v of number) {
    if (Number.isNaN(v)) missing++;
    else {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
  }
  return {
    key: source.key,
    label: source.label,
    kind: source.kind,
    values: source.values,
    number,
    categories: [],
    counts: [],
    extent: low <= high ? [low, high] : null,
    missing,
  };
}

function quantity(value: Cell): number {
  if (value === null || value === "") return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : Number.NaN;
}

/** Milliseconds of a date written as ISO 8601 (a year or month alone will do); NaN for others. */
export function instant(value: Cell): number {
  if (value === null || !/^\d{4}(-\d{2}(-\d{2})?)?/.test(String(value))) return Number.NaN;
  return Date.parse(String(value));
}

/** What a cell of the table says. */
export function shown(column: Column, row: number): string {
  const value = column.values[row];
  if (value === null || value === undefined || value === "") return "";
  if (column.kind === "number") {
    const number = column.number[row] ?? Number.NaN;
    return Number.isNaN(number) ? line(String(value)) : figure(number);
  }
  if (column.kind === "date") return line(String(value).slice(0, 10));
  return titled(column.key, String(value));
}

/** A value of a category for people: names of measured clusters are sentences of ours. */
export function titled(key: string, value: string, most = 200): string {
  return key === "cluster" ? line(remark(value), most) : line(value, most);
}
