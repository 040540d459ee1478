import { describe, expect, it } from "vitest";
import { MOST_VIEWS, place, readViews, withView, withoutView } from "../src/state/views";
import { beside, span } from "../src/tree/clade";
import { parsed } from "../src/tree/newick";
import { models } from "../src/tree/tree";

describe("saved views", () => {
  it("are added, replaced by name, and deleted", () => {
    const one = withView([], " mine ", "#/?q=oak");
    expect(one).toEqual([{ name: "mine", hash: "#/?q=oak" }]);
    const two = withView(withView(one, "other", "#/"), "mine", "#/?q=elm");
    expect(two.map((v) => v.hash)).toEqual(["#/", "#/?q=elm"]);
    expect(withoutView(two, "other").map((v) => v.name)).toEqual(["mine"]);
    expect(withView(one, "  ", "#/")).toEqual(one);
  });
  it("come back from the storage as they were, at most so many", () => {
    let views = withView([], "0", "#/");
    for (let k = 1; k < MOST_VIEWS + 5; k++) views = withView(views, String(k), `#/model/${k}`);
    expect(views).toHaveLength(MOST_VIEWS);
    expect(views[0]?.name).toBe("5");
    expect(readViews(JSON.stringify(views))).toEqual(views);
  });
  it("are nothing where the storage holds something else", () => {
    for (const text of [null, "", "{", "3", "null", '{"name":"x"}', '[null,3,{"name":"x"},{"name":"x","hash":"javascript:alert(1)"}]'])
      expect(readViews(text)).toEqual([]);
  });
  it("belong to one atlas", () => {
    expect(place("abc", "t", 3)).not.toBe(place("abc", "t", 4));
    expect(place("abc", "t", 3)).not.toBe(place("abd", "t", 3));
  });
});

describe("a clade", () => {
  const tree = parsed("(((m0:1,m1:1):1,m2:1):1,(m3:1,m4:1):1);");
  const node = (of: number[]) => tree.order.find((n) => models(tree, n).sort().join() === of.join()) ?? -1;
  it("has beside it what joins it next", () => {
    expect(beside(tree, node([0, 1])).sort()).toEqual([2]);
    expect(beside(tree, node([0, 1, 2])).sort()).toEqual([3, 4]);
    expect(beside(tree, tree.root)).toEqual([]);
  });
  it("spans the dates that are known", () => {
    expect(span([3, Number.NaN, 1, 2])).toEqual({ low: 1, middle: 2, high: 3, count: 3 });
    expect(span([Number.NaN])).toBeNull();
  });
});
