import { describe, expect, it } from "vitest";
import { column } from "../src/data/columns";
import { remembering } from "../src/data/load";
import { MOST, mark, rgb } from "../src/colour/palette";
import { paint } from "../src/colour/scale";
import { toggled } from "../src/ui/legend";
import { inside, panned, showing, transform, zoomed } from "../src/view/camera";
import type { Fit } from "../src/view/camera";

const FIT: Fit = { bounds: [-1, -1, 1, 1], width: 400, height: 300, inset: [10, 10, 10, 10], uniform: true };

describe("camera", () => {
  it("shows everything at first, in true proportions", () => {
    const t = transform(FIT, null);
    expect(t.sx).toBe(t.sy);
    expect(t.oy - t.sy).toBeGreaterThanOrEqual(9.99);
    expect([t.ox, t.oy]).toEqual([200, 150]);
  });
  it("keeps the point under the pointer while zooming", () => {
    const before = transform(FIT, null);
    const [wx, wy] = [(300 - before.ox) / before.sx, (40 - before.oy) / before.sy];
    const t = transform(FIT, zoomed(FIT, null, 300, 40, 3, 3));
    expect(t.ox + t.sx * wx).toBeCloseTo(300);
    expect(t.oy + t.sy * wy).toBeCloseTo(40);
  });
  it("pans by pixels and fits boxes", () => {
    const t = transform(FIT, panned(FIT, null, 25, -5));
    expect([t.ox, t.oy]).toEqual([225, 145]);
    const box = transform(FIT, showing(FIT, [0.1, 0.1, 0.2, 0.2]));
    expect(box.ox + box.sx * 0.15).toBeCloseTo(200);
    expect(box.sx * 0.1).toBeLessThan(300);
  });
});

describe("lasso", () => {
  it("takes in what lies inside, dents left out", () => {
    const dented: [number, number][] = [[0, 0], [10, 0], [10, 10], [5, 4], [0, 10]];
    expect(inside(dented, 5, 2)).toBe(true);
    expect(inside(dented, 5, 8)).toBe(false);
    expect(inside(dented, 11, 2)).toBe(false);
  });
});

// Linear RGB to what a dichromat sees: Machado, Oliveira and Fernandes (2009), severity 1.
const SEEN = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function lab(hex: string, m: readonly number[]): [number, number, number] {
  const linear = rgb(hex).map((v) => (v <= 10.31475 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const at = (i: number) => Math.min(1, Math.max(0, [0, 1, 2].reduce((sum, j) => sum + (m[3 * i + j] ?? 0) * (linear[j] ?? 0), 0)));
  const [r, g, b] = [at(0), at(1), at(2)];
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505), f(0.2126 * r + 0.7152 * g + 0.0722 * b), f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe("palette", () => {
  it("gives every group another pair of colour and shape, in both themes", () => {
    for (const theme of ["light", "dark"] as const) {
      const pairs = Array.from({ length: MOST }, (_, k) => JSON.stringify(mark(k, theme)));
      expect(new Set(pairs).size).toBe(MOST);
    }
  });
  it("keeps any two groups apart by shape or by colour, for all kinds of colour vision", () => {
    for (const theme of ["light", "dark"] as const)
      for (const matrix of Object.values(SEEN))
        for (let a = 0; a < MOST; a++)
          for (let b = 0; b < a; b++) {
            const [x, y] = [mark(a, theme), mark(b, theme)];
            if (x.shape !== y.shape) continue;
            const [p, q] = [lab(x.colour, matrix), lab(y.colour, matrix)];
            expect(Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]), `${theme} ${a} ${b}`).toBeGreaterThan(8);
          }
  });
  it("reads short and long colours", () => {
    expect(rgb("#fff")).toEqual([255, 255, 255]);
    expect(rgb("#0b5fa5")).toEqual([11, 95, 165]);
  });
});

describe("painting", () => {
  it("paints groups, small ones and missing values", () => {
    const names = Array.from({ length: 30 }, (_, k) => `g${String(k).padStart(2, "0")}`);
    const painting = paint(column({ key: "k", label: "", kind: "category", values: [...names, "g05", null] }), 32, "light");
    expect(painting.legend).toMatchObject({ kind: "groups", others: { groups: 6, models: 6 }, missing: 1 });
    expect(painting.group[30]).toBe(0);
    expect(painting.group[29]).toBe(-1);
    expect(painting.missing[31]).toBe(1);
  });
  it("spreads sizes by ratios and scores by differences", () => {
    const size = paint(column({ key: "s", label: "", kind: "number", values: [1e6, 1e9, null] }), 3, "light");
    expect(size.legend).toMatchObject({ kind: "ramp", log: true, missing: 1 });
    const score = paint(column({ key: "s", label: "", kind: "number", values: [10, 50] }), 2, "dark");
    expect(score.legend).toMatchObject({ kind: "ramp", log: false });
    if (score.legend.kind === "ramp") expect(score.legend.ticks.map((t) => t.label)).toEqual(["10", "20", "40", "50"]);
  });
  it("manages without values", () => {
    expect(paint(column({ key: "s", label: "", kind: "date", values: [null, "?"] }), 2, "light").legend.kind).toBe("none");
    expect(paint(null, 2, "light").rgb.length).toBe(6);
  });
});

describe("legend clicks", () => {
  it("show one group, several with a key, all again", () => {
    const one = toggled({}, "family", "oak", false);
    expect(one).toEqual({ family: { kind: "in", values: ["oak"] } });
    expect(toggled(one, "family", "elm", true)).toEqual({ family: { kind: "in", values: ["oak", "elm"] } });
    expect(toggled(one, "family", "elm", false)).toEqual({ family: { kind: "in", values: ["elm"] } });
    expect(toggled(one, "family", "oak", false)).toEqual({});
  });
});

describe("loading", () => {
  it("asks once, forgets failures and the longest unused", async () => {
    const asked: string[] = [];
    const load = remembering(<T>(name: string) => {
      asked.push(name);
      return name === "bad" ? Promise.reject(new Error("no")) : Promise.resolve(name as T);
    }, 2);
    await load("a");
    await load("a");
    await expect(load("bad")).rejects.toThrow("no");
    await expect(load("bad")).rejects.toThrow("no");
    await load("b");
    await load("c");
    await load("a");
    expect(asked).toEqual(["a", "bad", "bad", "b", "c", "a"]);
  });
});
