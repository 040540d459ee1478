/** What the search box and the filters let through. */

import type { Column } from "../data/columns";

export type Filter =
  | { readonly kind: "in"; readonly values: readonly string[] }
  | { readonly kind: "range"; readonly low: number | null; readonly high: number | null };
export type Filters = Readonly<Record<string, Filter>>;

export interface Searchable {
  readonly count: number;
  readonly names: readonly string[];
  readonly columns: readonly Column[];
}

type Test = (row: number) => boolean;

/**
 * One byte a model: 1 where the model passes the query and all filters.
 *
 * A query is words, all of which must occur in the name or a category. `key:word` looks in one
 * column; `key>3`, `key<=3`, `key=3` compare numbers and dates; quotes hold words together and a
 * minus before a term turns it round. An empty query passes all.
 */
export function matching(data: Searchable, query: string, filters: Filters): Uint8Array {
  const tests = [...terms(query).map((t) => term(data, t)), ...filterTests(data, filters)];
  const mask = new Uint8Array(data.count).fill(1);
  for (const test of tests)
    for (let row = 0; row < data.count; row++) if (mask[row] === 1 && !test(row)) mask[row] = 0;
  return mask;
}

/** The terms of a query, less quotes; a leading minus is kept. */
export function terms(query: string): string[] {
  return [...query.matchAll(/-?(?:[^\s":<>=]+[:<>=]+)?"[^"]*"?|\S+/g)]
    .map((m) => m[0].replaceAll('"', ""))
    .filter((t) => t !== "" && t !== "-");
}

function term(data: Searchable, text: string): Test {
  if (text.startsWith("-") && text.length > 1) {
    const positive = term(data, text.slice(1));
    return (row) => !positive(row);
  }
  const parts = /^([^:<>=]+)(<=|>=|[:<>=])(.+)$/.exec(text);
  const wanted = parts?.[1]?.toLowerCase();
  if (parts !== null && wanted !== undefined) {
    const operator = parts[2] ?? ":";
    const value = parts[3] ?? "";
    if (wanted === "name" && operator === ":") return named(data, value);
    const column = data.columns.find(
      (c) => c.key.toLowerCase() === wanted || c.label.toLowerCase() === wanted,
    );
    if (column !== undefined) {
      if (operator === ":") return contains(column, value);
      if (column.kind !== "category") return compares(column, operator, value);
      if (operator === "=") return (row) => column.values[row] === value;
    }
  }
  // A name may contain a colon or an equals sign: what is no known column is text.
  return anywhere(data, text);
}

function named(data: Searchable, value: string): Test {
  const low = value.toLowerCase();
  return (row) => (data.names[row] ?? "").toLowerCase().includes(low);
}

function contains(column: Column, value: string): Test {
  const low = value.toLowerCase();
  if (column.kind !== "category")
    return (row) => String(column.values[row] ?? "").toLowerCase().includes(low);
  const ranks = hits(column, low);
  return (row) => ranks.has(column.number[row] ?? -1);
}

/** Looking through the categories once is cheaper than through all models. */
function hits(column: Column, low: string): Set<number> {
  const ranks = new Set<number>();
  column.categories.forEach((name, k) => {
    if (name.toLowerCase().includes(low)) ranks.add(k);
  });
  return ranks;
}

function compares(column: Column, operator: string, text: string): Test {
  const bound = column.kind === "date" ? Date.parse(text) : Number(text);
  const value = (row: number) => column.number[row] ?? Number.NaN;
  if (operator === "<") return (row) => value(row) < bound;
  if (operator === "<=") return (row) => value(row) <= bound;
  if (operator === ">") return (row) => value(row) > bound;
  if (operator === ">=") return (row) => value(row) >= bound;
  return (row) => value(row) === bound;
}

function anywhere(data: Searchable, text: string): Test {
  const low = text.toLowerCase();
  const name = named(data, text);
  const columns = data.columns
    .filter((c) => c.kind === "category")
    .map((c) => [c, hits(c, low)] as const)
    .filter(([, ranks]) => ranks.size > 0);
  return (row) => name(row) || columns.some(([c, ranks]) => ranks.has(c.number[row] ?? -1));
}

function filterTests(data: Searchable, filters: Filters): Test[] {
  return Object.entries(filters).flatMap(([key, filter]): Test[] => {
    const column = data.columns.find((c) => c.key === key);
    if (column === undefined) return [];
    if (filter.kind === "in") {
      const wanted = new Set(filter.values);
      const ranks = new Set<number>();
      column.categories.forEach((name, k) => {
        if (wanted.has(name)) ranks.add(k);
      });
      const missing = wanted.has("");
      return [
        (row) => {
          const rank = column.number[row] ?? Number.NaN;
          return Number.isNaN(rank) ? missing : ranks.has(rank);
        },
      ];
    }
    const { low, high } = filter;
    return [
      (row) => {
        const v = column.number[row] ?? Number.NaN;
        return !Number.isNaN(v) && (low === null || v >= low) && (high === null || v <= high);
      },
    ];
  });
}

export interface Sort {
  readonly key: string;
  readonly descending: boolean;
}

/** Rows that pass, in the order asked for; missing values last either way, equals by index. */
export function ordered(data: Searchable, mask: Uint8Array, sort: Sort | null): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < data.count; row++) if (mask[row] === 1) rows.push(row);
  if (sort === null) return Int32Array.from(rows);
  const sign = sort.descending ? -1 : 1;
  const column = data.columns.find((c) => c.key === sort.key);
  if (sort.key === "name" && column === undefined) {
    const rank = alphabetical(data.names);
    rows.sort((a, b) => sign * ((rank[a] ?? 0) - (rank[b] ?? 0)) || a - b);
  } else if (column !== undefined) {
    const key = column.kind === "category" ? categoryOrder(column) : column.number;
    rows.sort((a, b) => {
      const x = key[a] ?? Number.NaN;
      const y = key[b] ?? Number.NaN;
      if (Number.isNaN(x) || Number.isNaN(y))
        return (Number.isNaN(x) ? 1 : 0) - (Number.isNaN(y) ? 1 : 0) || a - b;
      return sign * (x - y) || a - b;
    });
  }
  return Int32Array.from(rows);
}

const orders = new WeakMap<object, Float64Array>();

function alphabetical(names: readonly string[]): Float64Array {
  return remembered(names, () => {
    const rank = new Float64Array(names.length);
    const compare = new Intl.Collator(undefined, { numeric: true }).compare;
    names
      .map((name, row) => [name.slice(0, 200), row] as const)
      .sort((a, b) => compare(a[0], b[0]) || a[1] - b[1])
      .forEach(([, row], k) => {
        rank[row] = k;
      });
    return rank;
  });
}

function categoryOrder(column: Column): Float64Array {
  return remembered(column, () => {
    const rank = alphabetical(column.categories);
    return column.number.map((k) => (Number.isNaN(k) ? k : (rank[k] ?? Number.NaN)));
  });
}

function remembered(key: object, make: () => Float64Array): Float64Array {
  const known = orders.get(key);
  if (known !== undefined) return known;
  const made = make();
  orders.set(key, made);
  return made;
}
