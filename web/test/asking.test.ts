import { describe, expect, it } from "vitest";
import { AnswersError, csv, readAnswers } from "../src/data/answersfile";
import { edits, suggestions, unknownColumns } from "../src/state/suggest";
import { briefly } from "../src/text/brief";
import { scriptOf } from "../src/text/script";
import { share, speak, tr } from "../src/text/words";
import { ZH } from "../src/text/zh";
import { patches } from "../src/view/places";

const ASKED = { id: ["p0", "p1", "p2"], text: ["Say one.", "Say two.", "Say three."] };

describe("a file of answers", () => {
  it("is read as JSON by id or by text, as lines, and as CSV", () => {
    const json = readAnswers("x.json", '{"name":"me","responses":{"p0":"a","Say two.":"b","other":"c"}}', ASKED);
    expect({ ...json.responses }).toEqual({ p0: "a", p1: "b" });
    expect([json.name, json.unknown]).toEqual(["me", 1]);
    const lines = readAnswers("my-model.jsonl", '{"prompt_id":"p0","response":"a"}\n{"prompt_id":"p0","response":"b"}\n', ASKED);
    expect({ ...lines.responses }).toEqual({ p0: "a" });
    expect([lines.name, lines.repeated, lines.read.answer]).toEqual(["my-model", 1, "response"]);
    const table = readAnswers("t.csv", 'model,prompt,response\nm,"Say two.","a ""b""\nc"\nm,Say one.,\n', ASKED);
    expect({ ...table.responses }).toEqual({ p1: 'a "b"\nc', p0: "" });
    expect(table.name).toBe("m");
  });
  it("takes the column that names the prompts of this atlas", () => {
    const both = readAnswers("t.csv", "prompt_id,prompt,response\n17,Say one.,a\n18,Say two.,b\n", ASKED);
    expect(both.read.prompt).toBe("prompt");
  });
  it("is refused where it could be read in two ways, or in none", () => {
    const refused = (text: string) => () => readAnswers("t.csv", text, ASKED);
    expect(refused("prompt,response,answer\nSay one.,a,b\n")).toThrow("Two columns");
    expect(refused("prompt,text\nSay one.,a\n")).toThrow("No column for answers");
    expect(refused("model,prompt,response\na,Say one.,x\nb,Say two.,y\n")).toThrow("2 models");
    expect(refused("prompt,response\nWho?,x\n")).toThrow("None of the prompts");
    expect(refused('prompt,response\n"Say one.,x\n')).toThrow("never closed");
    expect(refused("{not json")).toThrow(AnswersError);
    expect(refused("")).toThrow(AnswersError);
    expect({ ...readAnswers("t", '{"p0":"x","__proto__":"y"}', ASKED).responses }).toEqual({ p0: "x" });
  });
  it("keeps cells whole", () => {
    expect(csv("a\tb\r\n1\t2\r\n")).toEqual([["a", "b"], ["1", "2"]]);
  });
});

describe("suggestions", () => {
  const names = ["HuggingFaceTB_SmolLM2-135M", "Qwen/Qwen2.5-7B", "google_gemma-2-2b"];
  it("forgive case, what stands between words, and typing", () => {
    expect(suggestions("qwen 2.5 7b", names)).toEqual(["Qwen/Qwen2.5-7B"]);
    expect(suggestions("smolm2", names)).toEqual(["HuggingFaceTB_SmolLM2-135M"]);
    expect(suggestions("gmema", names)).toEqual(["google_gemma-2-2b"]);
    expect(suggestions("zzzzzz", names)).toEqual([]);
  });
  it("count swapped letters as one edit, and stop early", () => {
    expect(edits("abcd", "abdc", 3)).toBe(1);
    expect(edits("kitten", "sitting", 3)).toBe(3);
    expect(edits("a", "abcdefgh", 2)).toBe(3);
  });
  it("name columns that are not there", () => {
    const columns = [{ key: "family", label: "Family" }];
    expect(unknownColumns("familyy:llama x", columns)).toEqual(["familyy"]);
    expect(unknownColumns("family:llama name:x hf://a", columns)).toEqual([]);
  });
});

describe("words", () => {
  it("tell one from many, and put values in", () => {
    speak("en");
    expect(tr("{n} model|{n} models", { n: 1 })).toBe("1 model");
    expect(tr("{n} model|{n} models", { n: 12345 })).toBe("12\u202f345 models");
    speak("zh");
    expect(tr("{n} model|{n} models", { n: 3 })).toBe("3 个模型");
    speak("en");
  });
  it("have the same gaps in every language", () => {
    const gaps = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const [english, chinese] of Object.entries(ZH)) expect(gaps(chinese), english).toEqual(gaps(english));
  });
  it("give shares as the command line does", () => {
    expect([share(0.0012), share(0.01), share(0.974), share(0.999)]).toEqual(["0.12%", "1%", "97%", "100%"]);
  });
  it("know scripts", () => {
    expect(scriptOf("虽石心于郊野")).toBe("Han");
    expect(scriptOf("مرحبا")).toBe("Arabic");
    expect(scriptOf("123 ...")).toBeNull();
  });
  it("shorten names of groups where none becomes another's", () => {
    expect(briefly(["Qwen/Qwen2.5-7B", "a/same", "b/same", "like x/y: 41 models"])).toEqual(["Qwen2.5-7B", "a/same", "b/same", "like y"]);
  });
});

describe("places of names", () => {
  it("stand once for every patch of a group, at a member", () => {
    const x = Float32Array.from([0, 0.1, 0.2, 5, 5.1, 9]);
    const found = patches(x, new Float32Array(6), (i) => (i === 5 ? 1 : 0), 0.5, 1);
    expect(found.map((p) => [p.group, p.count])).toEqual([[0, 3], [0, 2], [1, 1]]);
    expect(found[0]?.x).toBeCloseTo(0.1);
    expect(patches(x, new Float32Array(6), () => 0, 100, 2).map((p) => p.count)).toEqual([6]);
  });
});
