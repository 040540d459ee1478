import { describe, expect, it } from "vitest";
import { compression, drawing, endAt } from "../src/tree/layout";
import { contents, familiesBelow, familyClades, folded, isFamily } from "../src/tree/fold";
import { detailed } from "../src/tree/detail";
import { newick, parsed } from "../src/tree/newick";
import { escaped, svg } from "../src/tree/svg";
import { crossings, lines, side, untangled } from "../src/tree/tangle";
import type { Side } from "../src/tree/tangle";
import { boxOf, step } from "../src/tree/walk";
import { has, induced, models, rerooted } from "../src/tree/tree";
import type { Tree } from "../src/tree/tree";

// The two branches at the root are one branch of the unrooted tree: they have one support.
const TEXT = "((m0:1,m1:2)0.9:0.5,((m2:1,m3:1)0.8:1,m4:3)0.9:0.5);";
const name = (m: number) => `m${m}`;

/** Path lengths between all pairs of leaves: what no rooting may change. */
function paths(tree: Tree): Map<string, number> {
  const depth = new Float64Array(tree.size);
  for (const node of tree.order) depth[node] = node === tree.root ? 0 : (depth[tree.parent[node] ?? 0] ?? 0) + (tree.length[node] ?? 0);
  const leaf = new Map<number, number>();
  for (const node of tree.order) if ((tree.tip[node] ?? -1) >= 0) leaf.set(tree.tip[node] ?? -1, node);
  const up = (node: number) => {
    const line: number[] = [];
    for (let at = node; at >= 0; at = tree.parent[at] ?? -1) line.push(at);
    return line;
  };
  const found = new Map<string, number>();
  for (const [a, x] of leaf)
    for (const [b, y] of leaf) {
      if (a >= b) continue;
      const above = new Set(up(x));
      const meet = up(y).find((n) => above.has(n)) ?? tree.root;
      found.set(`${a}-${b}`, Number(((depth[x] ?? 0) + (depth[y] ?? 0) - 2 * (depth[meet] ?? 0)).toFixed(9)));
    }
  return found;
}

/** Support by the smaller side of its split, as sorted leaves. */
function supports(tree: Tree): Map<string, number> {
  const all = models(tree, tree.root).sort((a, b) => a - b);
  const found = new Map<string, number>();
  for (const node of tree.order) {
    const value = tree.support[node] ?? Number.NaN;
    if (Number.isNaN(value) || node === tree.root) continue;
    const side = models(tree, node).sort((a, b) => a - b);
    const other = all.filter((m) => !side.includes(m));
    found.set([side.join(), other.join()].sort()[0] ?? "", value);
  }
  return found;
}

describe("newick", () => {
  it("reads leaves, lengths and support", () => {
    const tree = parsed(TEXT);
    expect(models(tree, tree.root).sort()).toEqual([0, 1, 2, 3, 4]);
    expect([...supports(tree).values()].sort()).toEqual([0.8, 0.9]);
    expect(paths(tree).get("0-1")).toBe(3);
    expect(paths(tree).get("2-4")).toBe(5);
  });
  it("comes back as it was", () => {
    const again = parsed(newick(parsed(TEXT), 0, name).replaceAll("'", ""));
    expect(paths(again)).toEqual(paths(parsed(TEXT)));
    expect(supports(again)).toEqual(supports(parsed(TEXT)));
  });
  it("quotes hostile names", () => {
    expect(newick(parsed("(m0:1,m1:1);"), 0, () => "a'(b),c:;\n")).toBe("('a''(b),c:; ':1,'a''(b),c:; ':1);");
  });
  it("reads a tree far deeper than calls may be", () => {
    const deep = 12_000;
    const text = `${"(".repeat(deep)}m0${Array.from({ length: deep }, (_, k) => `,m${k + 1})`).join("")};`;
    const tree = parsed(text);
    expect(tree.leaves[tree.root]).toBe(deep + 1);
    expect(newick(tree, tree.root, name)).toHaveLength(newick(parsed(text), 0, name).length);
    expect(drawing(tree, { kind: "unrooted", branches: "measured", collapsed: new Set(), top: tree.root }).ends.length).toBe(deep + 1);
  });
  it.each(["(m0,m1", "m0,m1;", "(m0,m1));", "(m0:x,m1);", "(m0,);", "(m0,name);"])("refuses %s", (text) => {
    expect(() => parsed(text)).toThrow("cannot be read");
  });
});

describe("rooting", () => {
  it("changes neither paths nor the support of any branch", () => {
    const tree = parsed(TEXT);
    for (const node of tree.order) {
      const turned = rerooted(tree, node);
      expect(paths(turned)).toEqual(paths(tree));
      for (const [side, value] of supports(turned)) expect(supports(tree).get(side)).toBe(value);
      expect(turned.leaves[turned.root]).toBe(5);
      if (node !== tree.root && tree.parent[node] !== tree.root)
        expect(turned.children[turned.root]).toContain(node);
    }
  });
  it("keeps the numbers of nodes", () => {
    const tree = parsed(TEXT);
    const leaf = tree.order.find((n) => tree.tip[n] === 2) ?? -1;
    const turned = rerooted(tree, leaf);
    expect(turned.tip[leaf]).toBe(2);
    expect(has(turned, leaf)).toBe(true);
    expect(has(turned, tree.root)).toBe(false);
  });
});

describe("induced trees", () => {
  it("keep paths between the leaves that stay", () => {
    const part = induced(parsed(TEXT), (m) => m === 0 || m === 2 || m === 3);
    expect(part).not.toBeNull();
    if (part === null) return;
    const full = paths(parsed(TEXT));
    for (const [pair, length] of paths(part)) expect(length).toBe(full.get(pair));
    expect(models(part, part.root).sort()).toEqual([0, 2, 3]);
    expect(induced(parsed(TEXT), () => false)).toBeNull();
  });
});

describe("layouts", () => {
  const tree = parsed(TEXT);
  const draw = (kind: "rectangular" | "radial" | "unrooted", collapsed: number[] = [], branches: "measured" | "compressed" | "flush" = "measured") =>
    drawing(tree, { kind, branches, collapsed: new Set(collapsed), top: tree.root });
  it("give every end of the rectangular tree its row and every node its depth", () => {
    const drawn = draw("rectangular");
    expect([...drawn.ends].map((n) => drawn.y[n])).toEqual([0, 1, 2, 3, 4]);
    const leaf = tree.order.find((n) => tree.tip[n] === 1) ?? -1;
    expect(drawn.x[leaf]).toBeCloseTo(2.5);
  });
  it("draw branches of the unrooted tree in their lengths", () => {
    const drawn = draw("unrooted");
    drawn.owner.forEach((node, k) => {
      const [x0, y0, x1, y1] = drawn.pieces.subarray(4 * k, 4 * k + 4);
      expect(Math.hypot((x1 ?? 0) - (x0 ?? 0), (y1 ?? 0) - (y0 ?? 0))).toBeCloseTo(tree.length[node] ?? 0, 5);
    });
  });
  it("keep the radial tree's distance from the middle", () => {
    const drawn = draw("radial");
    const leaf = tree.order.find((n) => tree.tip[n] === 4) ?? -1;
    expect(Math.hypot(drawn.x[leaf] ?? 0, drawn.y[leaf] ?? 0)).toBeCloseTo(3.5);
  });
  it("end at collapsed clades, and flush without lengths", () => {
    const clade = tree.order.find((n) => models(tree, n).length === 3) ?? -1;
    expect(draw("rectangular", [clade]).ends).toContain(clade);
    expect(draw("rectangular", [clade]).ends.length).toBe(3);
    const flush = draw("rectangular", [], "flush");
    expect(new Set([...flush.ends].map((n) => flush.x[n])).size).toBe(1);
  });
  it("give closed clades more rows, and find the end at a place", () => {
    const clade = tree.order.find((n) => models(tree, n).length === 3) ?? -1;
    const drawn = draw("rectangular", [clade]);
    const k = drawn.ends.indexOf(clade);
    expect(drawn.weight[k]).toBeGreaterThan(1.5);
    for (const node of drawn.ends) expect(endAt(drawn, drawn.y[node] ?? 0)).toBe(node);
    expect(endAt(drawn, 1e6)).toBeUndefined();
    expect(drawn.reach[clade]).toBeGreaterThan(drawn.x[clade] ?? 0);
  });
  it("compress the last branches alone", () => {
    const star = parsed("((m0:9,m1:9)0.9:1,(m2:9,m3:9):1);");
    const less = compression(star);
    expect(less).toBeCloseTo(0.3 / 9);
    const drawn = drawing(star, { kind: "rectangular", branches: "compressed", collapsed: new Set(), top: star.root });
    for (const node of drawn.ends) expect(drawn.x[node]).toBeCloseTo(1.3);
    expect(compression(parsed("((m0:0.01,m1:0.01):1,(m2:0.01,m3:0.01):1);"))).toBe(1);
  });
  it("leave out what is thinner than a pixel, but not the farthest leaf", () => {
    const drawn = draw("rectangular");
    const { ends, pieces } = detailed(tree, drawn, 0.01);
    expect(pieces.length).toBeLessThan(drawn.owner.length);
    expect([...ends].map((n) => tree.tip[n])).toContain(4);
    expect(detailed(tree, drawn, 4).pieces.length).toBe(drawn.owner.length);
  });
});

describe("walking", () => {
  const tree = parsed("((m0:1,m1:1):1,(m2:1,m3:1):1);");
  const drawn = drawing(tree, { kind: "rectangular", branches: "measured", collapsed: new Set(), top: tree.root });
  it("follows the arrows, and stays where there is nothing further", () => {
    const first = step(tree, drawn, tree.root, "ArrowRight");
    expect(tree.parent[first]).toBe(tree.root);
    const leaf = step(tree, drawn, first, "ArrowRight");
    expect(tree.tip[step(tree, drawn, leaf, "ArrowDown")]).toBe(1);
    expect(step(tree, drawn, leaf, "ArrowRight")).toBe(leaf);
    expect(step(tree, drawn, leaf, "ArrowLeft")).toBe(first);
    expect(step(tree, drawn, null, "ArrowDown")).toBe(tree.root);
  });
  it("knows the box of a clade", () => {
    expect(boxOf(tree, drawn, step(tree, drawn, tree.root, "ArrowRight"))).toEqual([1, 0, 2, 1]);
  });
});

describe("folding", () => {
  // Family 0: m0..m3, family 1: m4, m5; m6 of no known family sits in the first.
  const tree = parsed("((((m0:1,m1:1):1,(m2:1,m6:1):1):1,m3:1):1,((m4:1,m5:1):1,m7:1):1);");
  const rank = (m: number) => [0, 0, 0, 0, 1, 1, Number.NaN, 2][m] ?? Number.NaN;
  const families = familiesBelow(tree, rank);
  it("names a clade by the only known family in it, and a mixed one by none", () => {
    expect(isFamily(tree, families, tree.root)).toBe(false);
    const clades = familyClades(tree, families, tree.root);
    expect(clades.map((n) => models(tree, n).sort()).sort()).toEqual([[0, 1, 2, 3, 6], [4, 5]]);
    expect(contents(tree, tree.root, rank)).toEqual([{ rank: 0, count: 4 }, { rank: 1, count: 2 }, { rank: 2, count: 1 }]);
  });
  it("closes families, and opens what was opened", () => {
    const closed = folded(tree, families, 90, new Set(), tree.root);
    expect([...closed].map((n) => tree.leaves[n]).sort()).toEqual([2, 5]);
    const [large = -1] = [...closed].filter((n) => tree.leaves[n] === 5);
    expect([...folded(tree, families, 90, new Set([large]), tree.root)].map((n) => tree.leaves[n])).toEqual([2]);
  });
  it("keeps a large tree to about so many rows", () => {
    // A ladder of 400 models of 100 families, four of each side by side.
    let text = "m0:1";
    for (let k = 1; k < 400; k += 4) text = `((${[k, k + 1, k + 2].map((m) => `m${m}:1`).join(",")}):1,(${text},m${k + 3}:1):1):1`;
    const large = parsed(`(${text},m400:1);`);
    const found = familiesBelow(large, (m) => Math.floor(m / 4));
    const drawn = drawing(large, { kind: "rectangular", branches: "measured", collapsed: folded(large, found, 60, new Set(), large.root), top: large.root });
    expect(drawn.ends.length).toBeLessThanOrEqual(60);
  });
});

describe("pictures", () => {
  it("hold names as text and are well formed", () => {
    const tree = parsed("(m0:1,m1:1);");
    const text = svg(tree, drawing(tree, { kind: "rectangular", branches: "measured", collapsed: new Set(), top: 0 }), {
      width: 600, support: true, title: "</title><script>", label: () => "<script>alert(1)</script>\u0000",
      branch: () => [1, 2, 3], tip: () => ({ colour: [4, 5, 6], shape: 2 }),
    });
    expect(text).not.toContain("<script");
    expect(text).not.toContain("\u0000");
    expect(text.match(/<text/g)).toHaveLength(2);
    expect(escaped(`<&>"'`)).toBe("&lt;&amp;&gt;&quot;&#39;");
  });
});

describe("tanglegrams", () => {
  const [one, two] = [parsed("((m0,m1),(m2,m3));"), parsed("((m3,m2),(m1,m0));")];
  const every = new Set([0, 1, 2, 3, 4, 5]);
  const whole = (tree: typeof one) => side(tree, [], new Set(), every) as Side;
  const links = lines(whole(one), whole(two));
  it("count crossings as inversions, and none where lines meet", () => {
    expect(crossings({ left: [0, 1, 2, 3], right: [0, 1, 2, 3] }, links)).toBe(0);
    expect(crossings({ left: [0, 1, 2, 3], right: [3, 2, 1, 0] }, links)).toBe(6);
    const fan = [{ left: 0, right: 2, models: [0] }, { left: 0, right: 1, models: [1] }, { left: 5, right: 2, models: [2] }];
    expect(crossings({ left: [0, 5], right: [1, 2] }, fan)).toBe(0);
  });
  it("turn trees of one shape until nothing crosses", () => {
    expect(crossings(untangled(one, two, links), links)).toBe(0);
  });
  it("have a leaf for every row, and all models where a row is opened", () => {
    const tree = parsed("(((m0,m1),m2),((m3,m4),m5));");
    const told = [{ models: [0, 1, 2], family: "a", branches: 1 }, { models: [3, 4], family: "b", branches: 1 }];
    const closed = side(tree, told, new Set(), every) as Side;
    expect(models(closed.tree, closed.tree.root).sort()).toEqual([0, 3, 5]);
    expect([...closed.leaf.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(closed.rows.get(0)?.family).toBe("a");
    const opened = side(tree, told, new Set([4]), every) as Side;
    expect(models(opened.tree, opened.tree.root).sort()).toEqual([0, 3, 4, 5]);
    const joined = lines(closed, opened);
    expect(joined.map((l) => l.models.length).sort()).toEqual([1, 1, 1, 3]);
    const few = side(tree, [], new Set(), new Set([0, 1, 4])) as Side;
    expect(models(few.tree, few.tree.root).sort()).toEqual([0, 1, 4]);
    expect(side(tree, [], new Set(), new Set())).toBeNull();
  });
});
