import { csvCell } from "../src/text/cells";
import { noFamilies } from "../src/text/families";
import { speak } from "../src/text/words";
import { remark } from "../src/text/remarks";
import { describe, expect, it } from "vitest";
import { chance, figure, line, safe, sharedBeginning } from "../src/text/safe";

describe("hostile text", () => {
  it("shows direction controls and null bytes instead of obeying them", () => {
    expect(safe("evil\u202egnp.exe")).toBe("evil⟨RLO⟩gnp.exe");
    expect(safe("a\u0000b\u2066c\u2069")).toBe("a␀b⟨LRI⟩c⟨PDI⟩");
    expect(safe("\u200b\u{e0041}")).toBe("⟨ZWSP⟩⟨U+E0041⟩");
  });
  it("keeps line feeds in long text and none in names", () => {
    expect(safe("a\r\nb")).toBe("a\nb");
    expect(line("a\nb\tc")).toBe("a b c");
  });
  it("replaces halves of characters, keeps whole ones and joiners", () => {
    expect(safe("\ud83d!")).toBe("\ufffd!");
    expect(safe("👩\u200d🔬")).toBe("👩\u200d🔬");
  });
  it("cuts floods and says how much there was", () => {
    const cut = safe("x".repeat(1_000_000), 100);
    expect(cut.length).toBeLessThan(140);
    expect(cut).toContain("1\u202f000\u202f000 characters");
    expect(line("y".repeat(500), 20)).toBe(`${"y".repeat(20)}…`);
  });
});

describe("shared beginning", () => {
  it("ends where the texts differ", () => {
    expect(sharedBeginning("the cat", "the dog")).toBe(4);
    expect(sharedBeginning("", "x")).toBe(0);
    expect(sharedBeginning("same", "same")).toBe(4);
  });
  it("never ends within a character", () => {
    expect(sharedBeginning("a😀", "a😁")).toBe(1);
  });
});

describe("figures", () => {
  it("are readable", () => {
    expect(figure(8_958_639_104)).toBe("8.96\u202fB");
    expect(figure(12_345)).toBe("12\u202f345");
    expect(figure(0.123456)).toBe("0.123");
    expect(figure(2.7e-6)).toBe("2.7e-6");
    expect(figure(Number.NaN)).toBe("–");
  });
  it("never call a chance none", () => {
    expect(chance(0)).toBe("< 0.00001");
    expect(chance(null)).toBe("–");
    // Two digits: what lies on either side of a rate is told apart.
    expect([0.04, 0.0096, 0.0104, 0.000663].map(chance)).toEqual(["0.04", "0.0096", "0.01", "0.00066"]);
  });
});

describe("remarks of the data", () => {
  it("are Chinese for who reads Chinese, as far as they are known", () => {
    speak("zh");
    expect(remark("models.csv tells nothing of 3 models")).toBe("models.csv 没有说明其中 3 个模型");
    expect(remark("limit on tokens not recorded; something new")).toBe("未记录词元上限；something new");
    expect(remark("'a; b' is not measured; 'c' may be a quantisation or conversion of it, which is not the same")).toContain("“a; b”未测量");
    expect(remark("a map by UMAP needs at least 16 models, here are 9")).toContain("UMAP 地图至少需要 16 个模型");
    speak("en");
    expect(remark("models.csv tells nothing of 3 models")).toBe("models.csv tells nothing of 3 models");
  });
});

describe("why no family is named", () => {
  it("is that a model's answers say nothing, where they do, and else that too few families are known", () => {
    const note = "its answers say nothing of its descent: it says the same to nearly all prompts";
    expect(noFamilies({ candidates: [], note })).toBe(note);
    expect(noFamilies(null)).toContain("too few models of known family");
    speak("zh");
    expect(noFamilies({ candidates: [], note })).toContain("几乎所有提示");
    speak("en");
  });
});

describe("cells of CSV", () => {
  it("are nothing that a spreadsheet runs", () => {
    expect(["=1+1", "-2+3|x", "@a", "\tb", "'=x"].map(csvCell)).toEqual(["'=1+1", "'-2+3|x", "'@a", "'\tb", "''=x"]);
    expect(["-1.5", "+2e3", "org/a", 'a"b,c'].map(csvCell)).toEqual(["-1.5", "+2e3", "org/a", '"a""b,c"']);
  });
});
