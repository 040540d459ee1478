import { describe, expect, it } from "vitest";
import { column } from "../src/data/columns";
import { checked } from "../src/data/check";
import type { AtlasDocument } from "../src/data/types";
import { matching, ordered, terms } from "../src/state/query";
import { combined, decoded, encoded, selection } from "../src/state/selection";
import { Store } from "../src/state/store";
import type { State } from "../src/state/store";
import { read, written } from "../src/state/url";

const COLUMNS = [
  column({ key: "family", label: "Family", kind: "category", values: ["oak", "elm", "oak", null] }),
  column({ key: "size", label: "Size", kind: "number", values: [7, 70, null, 1] }),
  column({ key: "date", label: "Released", kind: "date", values: ["2024-05-01", "2023", "soon", "2025-01-31"] }),
];
const DATA = { count: 4, names: ["acme/Oak-7B", "acme/elm:70B", "b oak", "__proto__"], columns: COLUMNS };
const found = (query: string) => [...matching(DATA, query, {})].flatMap((m, i) => (m ? [i] : []));

describe("search", () => {
  it("wants all words, in names or groups, whatever their case", () => {
    expect(found("oak")).toEqual([0, 2]);
    expect(found("OAK acme")).toEqual([0]);
    expect(found("")).toEqual([0, 1, 2, 3]);
    expect(found("__proto__")).toEqual([3]);
  });
  it("looks in columns, compares, and turns round", () => {
    expect(found("family:elm")).toEqual([1]);
    expect(found("size>=7")).toEqual([0, 1]);
    expect(found("size<7")).toEqual([3]);
    expect(found("released>2024-01-01")).toEqual([0, 3]);
    expect(found("-oak")).toEqual([1, 3]);
  });
  it("takes an unknown column for text, since names may hold colons", () => {
    expect(found("elm:70B")).toEqual([1]);
    expect(terms('family:"two words" x')).toEqual(["family:two words", "x"]);
  });
  it("filters by values, missing ones and ranges", () => {
    const by = (filters: Parameters<typeof matching>[2]) => [...matching(DATA, "", filters)];
    expect(by({ family: { kind: "in", values: ["oak"] } })).toEqual([1, 0, 1, 0]);
    expect(by({ family: { kind: "in", values: [""] } })).toEqual([0, 0, 0, 1]);
    expect(by({ size: { kind: "range", low: 5, high: null } })).toEqual([1, 1, 0, 0]);
    expect(by({ nothing: { kind: "in", values: ["x"] } })).toEqual([1, 1, 1, 1]);
  });
});

describe("order", () => {
  const all = new Uint8Array(4).fill(1);
  it("puts missing values last both ways", () => {
    expect([...ordered(DATA, all, { key: "size", descending: false })]).toEqual([3, 0, 1, 2]);
    expect([...ordered(DATA, all, { key: "size", descending: true })]).toEqual([1, 0, 3, 2]);
    expect([...ordered(DATA, all, { key: "family", descending: false })]).toEqual([1, 0, 2, 3]);
  });
});

describe("columns", () => {
  it("rank groups by size and know what is missing", () => {
    expect(COLUMNS[0]?.categories).toEqual(["oak", "elm"]);
    expect(COLUMNS[0]?.missing).toBe(1);
    expect(COLUMNS[2]?.missing).toBe(1);
  });
  it("hold models without a measured cluster apart", () => {
    const family = column({ key: "cluster", label: "", kind: "category", values: ["alone", "alone", "group 1"] });
    expect(family.categories).toEqual(["group 1", "alone"]);
  });
});

describe("selection", () => {
  it("survives a link, as ranges or as a bitmap", () => {
    const scattered = Array.from({ length: 5000 }, (_, k) => k * 2 + ((k * 7919) % 2));
    for (const list of [[], [3], [0, 1, 2, 9], scattered, Array.from({ length: 10_000 }, (_, k) => k)]) {
      const chosen = selection(list, 10_000);
      expect([...decoded(encoded(chosen), 10_000)]).toEqual([...chosen]);
    }
    expect(encoded(selection([4, 5, 6, 9], 10))).toBe("4-6,9");
    expect(encoded(selection(scattered, 10_000)).length).toBeLessThan(1800);
  });
  it("drops what no model has and what cannot be read", () => {
    expect([...decoded("1,x,99-", 3)]).toEqual([1]);
    expect([...decoded("0-999999999", 3)]).toEqual([0, 1, 2]);
    expect([...decoded("~!!!", 3)]).toEqual([]);
  });
  it("adds, removes and toggles", () => {
    const old = selection([1, 2], 5);
    expect([...combined(old, [2, 3], "toggle", 5)]).toEqual([1, 3]);
    expect([...combined(old, [2, 3], "add", 5)]).toEqual([1, 2, 3]);
    expect([...combined(old, [2], "remove", 5)]).toEqual([1]);
  });
});

const FIRST: State = {
  route: { page: "overview" }, view: "all", map: "tsne", colour: "family", mapCamera: null,
  layout: "rectangular", branches: "measured", fold: false, opened: [], support: true, treeCamera: null, root: null, collapsed: [],
  clade: null, query: "", filters: {}, sort: null, hidden: [], onlySelected: false,
  selection: new Int32Array(0), active: null,
};

describe("address", () => {
  it("says nothing about what is as it was at first", () => {
    expect(written(FIRST, FIRST, 10)).toBe("#/");
  });
  it("brings back everything it says", () => {
    const state: State = {
      route: { page: "model", index: 3, other: 4 }, view: "tree", map: "umap", colour: "a&b=c#?",
      mapCamera: { x: 0.5, y: -0.25, kx: 3, ky: 3 }, layout: "radial", branches: "compressed", fold: true, opened: [5, 9], hidden: ["a,b"], support: false,
      treeCamera: { x: 1, y: 2, kx: 1, ky: 8 }, root: 7, collapsed: [2, 5], clade: 1,
      query: "size>3 \"x y\" ü%", filters: { "k&=%": { kind: "in", values: ["a,b", "", "ü/%2C"] }, size: { kind: "range", low: null, high: 2.5 } },
      sort: { key: "size", descending: true }, onlySelected: true, selection: selection([1, 2, 8], 10), active: 9,
    };
    const back = read(written(state, FIRST, 10), FIRST, 10);
    expect({ ...back, filters: { ...back.filters } }).toEqual(state);
  });
  it("forgets selections made among other models", () => {
    const hash = written({ ...FIRST, selection: selection([1, 2], 10) }, FIRST, 10);
    expect(read(hash, FIRST, 11).selection.length).toBe(0);
  });
  it("is not misled by nonsense", () => {
    for (const hash of ["#/model/99", "#/model/-1", "#/pair/1", "#%", "#/?at=1,2,x,4&treeat=1,1,0,1&view=moon&root=1e9&sel=%ff&q=%E0%A4%A"]) {
      const state = read(hash, FIRST, 10);
      expect(state.route).toEqual({ page: "overview" });
      expect(state.mapCamera).toBeNull();
      expect(state.treeCamera).toBeNull();
      expect(state.view).toBe("all");
    }
  });
});

describe("store", () => {
  it("tells once what changed, and nothing when nothing did", () => {
    const store = new Store(FIRST);
    const told: string[][] = [];
    store.subscribe((_, changed) => told.push([...changed]));
    store.set({ query: "", view: "all" });
    store.set({ query: "x", view: "map" });
    expect(told).toEqual([["query", "view"]]);
  });
});

describe("documents", () => {
  const good: AtlasDocument = {
    format: "cladist-atlas", version: 2, title: "", generated_by: "",
    assay: { name: "", digest: "", description: "", probes: 0, samples: 0, dimension: 0, metric: "" },
    models: { name: ["a", "b"], columns: [{ key: "k", label: "K", kind: "category", values: ["x", null] }] },
    maps: [], tree: null, declared: null, families: { column: "k", origin: "labels", count: 1, models: 1 },
    documents: { models: false, answers: false },
  };
  it("pass when every list fits", () => {
    expect(checked(good)).toBe(good);
  });
  it("are refused with what is wrong", () => {
    const short = { ...good, maps: [{ key: "tsne", label: "", note: "", kept: 1, near: 1, x: [1], y: [1, 2] }] };
    expect(() => checked(short)).toThrow("map 'tsne' (x) has 1 entries for 2 models");
    expect(() => checked({ ...good, version: 1 } as unknown as AtlasDocument)).toThrow("version 2");
  });
});
