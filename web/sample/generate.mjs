// Made-up documents for trying the page: models that descend from one another, with answers that
// drift as they do. `node sample/generate.mjs [out] [sizes...]`; the same bytes every time.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const HOSTILE = [
  "<script>alert(1)</script><img src=x onerror=alert(2)>",
  "evil\u202egnp.exe\u2066 name\u0000null\u0007",
  "x".repeat(100_000),
  "__proto__",
  "'; DROP TABLE models; -- \"quoted\" ${7*7}",
];

function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const FAMILIES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper", "Kauri", "Larch", "Maple", "Nutmeg", "Oak", "Poplar", "Quince", "Rowan", "Spruce", "Teak", "Umbu", "Viburnum", "Willow", "Yew", "Zelkova", "Acacia", "Beech", "Cypress"];
const HOUSES = ["northlight", "open-garden", "rivermind", "kestrel-lab", "tandem", "halcyon", "blue-quarry", "meridian", "saltmarsh", "plainsong", "ostrava-nlp", "fjord-ai"];
const KINDS = ["base", "instruct", "chat", "code", "math", "story", "merge", "dpo", "q4", "q8", "distill", "uncensored"];
const DESIGNS = ["decoder, dense", "decoder, mixture", "state space", "hybrid"];
const WORDS = "the of and a to in is that it was for on are as with his they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know".split(" ");

/** One set of documents by name; rows of two trees face to face are `facing.py`'s, by the package's own rule. */
export function sample(count, { hostile = false, answers = count <= 1000 } = {}) {
  const rnd = random(count * 7 + 1);
  const gauss = () => Math.sqrt(-2 * Math.log(rnd() + 1e-12)) * Math.cos(6.283185 * rnd());
  const pick = (list) => list[Math.floor(rnd() * list.length)];
  const families = Math.max(3, Math.min(FAMILIES.length, Math.round(Math.sqrt(count) / 1.3)));
  // Parents come before children; founders have none.
  const models = [];
  for (let i = 0; i < count; i++) {
    if (i < families) {
      models.push({ family: i, parent: -1, depth: 0, house: HOUSES[i % HOUSES.length], size: [0.5, 1, 3, 7, 8, 13, 32, 70][i % 8], day: Math.floor(rnd() * 500), kids: [] });
      continue;
    }
    const parent = Math.floor(rnd() ** 1.4 * i);
    const p = models[parent];
    p.kids.push(i);
    models.push({ family: p.family, parent, depth: p.depth + 1, house: rnd() < 0.4 ? p.house : pick(HOUSES), size: rnd() < 0.85 ? p.size : pick([0.5, 1, 3, 7, 8, 13, 32, 70]), day: p.day + 5 + Math.floor(rnd() * 160), kids: [] });
  }
  const names = models.map((m, i) => `${m.house}/${FAMILIES[m.family]}-${m.size}B-${i < families ? "base" : pick(KINDS)}${i < families ? "" : `-v${1 + (i % 9)}.${i % 7}`}`);
  if (hostile) HOSTILE.forEach((name, k) => { names[families + k] = name; });
  const length = models.map(() => Number((0.02 + rnd() * 0.16).toFixed(4)));
  // A model with children is a leaf beside them; several children resolve into a random ladder.
  const build = (i) => {
    const parts = [`m${i}:${(0.005 + rnd() * 0.05).toFixed(4)}`, ...models[i].kids.map((k) => `${build(k)}:${length[k]}`)];
    while (parts.length > 2) {
      const a = parts.splice(Math.floor(rnd() * parts.length), 1)[0];
      const b = parts.splice(Math.floor(rnd() * parts.length), 1)[0];
      parts.push(`(${a},${b})${(0.4 + 0.6 * Math.sqrt(rnd())).toFixed(2)}:${(rnd() * 0.03).toFixed(4)}`);
    }
    return parts.length === 1 ? parts[0].split(":")[0] : `(${parts.join(",")})${(0.55 + 0.45 * Math.sqrt(rnd())).toFixed(2)}`;
  };
  let roots = Array.from({ length: families }, (_, k) => `${build(k)}:${(0.3 + rnd() * 0.2).toFixed(4)}`);
  while (roots.length > 2) {
    const a = roots.splice(Math.floor(rnd() * roots.length), 1)[0];
    const b = roots.splice(Math.floor(rnd() * roots.length), 1)[0];
    roots.push(`(${a},${b})${(0.2 + rnd() * 0.5).toFixed(2)}:${(0.05 + rnd() * 0.1).toFixed(4)}`);
  }
  const newick = `(${roots.join(",")});`;
  const place = (spread, drift) => {
    const x = [], y = [];
    models.forEach((m, i) => {
      if (m.parent < 0) {
        const r = spread * Math.sqrt((i + 0.5) / families), a = i * 2.399963;
        x.push(r * Math.cos(a) + 0.03 * gauss()); y.push(r * Math.sin(a) + 0.03 * gauss());
      } else {
        const d = drift / Math.sqrt(families);
        x.push(x[m.parent] + d * gauss()); y.push(y[m.parent] + d * gauss());
      }
    });
    const most = Math.max(...[0].concat(x.reduce((a, v) => Math.max(a, Math.abs(v)), 0), y.reduce((a, v) => Math.max(a, Math.abs(v)), 0)));
    const scaled = (list) => list.map((v) => Number((v / most).toFixed(4)));
    return { x: scaled(x), y: scaled(y) };
  };
  const start = Date.UTC(2023, 1, 1);
  const day = (m) => new Date(start + m.day * 86400000).toISOString().slice(0, 10);
  const columns = [
    { key: "family", label: "Family", kind: "category", values: models.map((m) => FAMILIES[m.family]) },
    { key: "organisation", label: "Organisation", kind: "category", values: models.map((m) => m.house) },
    { key: "architecture", label: "Architecture", kind: "category", values: models.map((m) => (m.family % 9 === 8 ? null : DESIGNS[m.family % 4])) },
    { key: "size", label: "Size (billions)", kind: "number", values: models.map((m) => m.size) },
    { key: "date", label: "Released", kind: "date", values: models.map((m) => (rnd() < 0.04 ? null : day(m))) },
    { key: "score", label: "Benchmark", kind: "number", values: models.map((m) => (rnd() < 0.1 ? null : Number((30 + 9 * Math.log2(1 + m.size) + 4 * gauss()).toFixed(1)))) },
  ];
  const declaredParent = models.map((m, i) => (m.parent >= 0 && rnd() < 0.06 ? Math.floor(rnd() * i) : m.parent));
  const edges = models.flatMap((m, i) => {
    if (m.parent < 0 || (count > 50 && rnd() < 0.35)) return [];
    const parent = declaredParent[i];
    const kin = models[parent].family === m.family;
    const verdict = rnd() < 0.08 ? "not measured" : kin ? (rnd() < 0.15 ? "inconclusive" : "supported") : "contradicted";
    return [{ child: i, parent: rnd() < 0.01 ? null : parent, parent_name: names[parent].slice(0, 200), relation: pick(["finetune", "quantized", "merge", "adapter"]), verdict, p: verdict === "not measured" ? null : kin ? Number((rnd() * 0.01).toFixed(4)) : Number((0.3 + rnd() * 0.6).toFixed(3)), note: verdict === "contradicted" ? "at most 3% of known kin have so little in common" : "" }];
  });
  const kids = models.map(() => []);
  declaredParent.forEach((p, i) => { if (p >= 0) kids[p].push(i); });
  const declaredTree = (i) => (kids[i].length === 0 ? `m${i}` : `(${[`m${i}`, ...kids[i].map(declaredTree)].join(",")})`);
  const declaredNewick = `(${Array.from({ length: families }, (_, k) => declaredTree(k)).join(",")});`;
  const probes = 40;
  const atlas = {
    format: "cladist-atlas", version: 2, title: hostile ? "Sample <b>atlas</b> \u202eof models" : `${count} made-up models`, generated_by: "cladist 0.1.0",
    assay: { name: "sample", digest: "5a".repeat(32), description: "Made-up data for trying the page.", probes, samples: 1, dimension: 128, metric: "kinship" },
    models: { name: names, columns },
    maps: [
      { key: "tsne", label: "t-SNE", note: "Near points are alike; distances between groups mean little. Perplexity 30, seed 0.", kept: 0.61, near: 10, ...place(1, 0.16) },
      { key: "umap", label: "UMAP", note: "Near points are alike; distances between groups mean little. 15 neighbours, seed 0.", kept: 0.45, near: 10, ...place(1, 0.1) },
      { key: "pcoa", label: "PCoA", note: "Two axes of most variance (31 % and 12 %); distances are true as far as these go.", kept: 0.05, near: 10, ...place(1, 0.3) },
    ],
    tree: { newick, method: "neighbour joining", root: "minimal ancestor deviation", support: "bootstrap over probes", replicates: 100, note: "" },
    declared: { source: "declared.csv", edges, newick: declaredNewick, facing: count <= 250 ? { declared: [], measured: [], remarks: [] } : null },
    families: { column: "family", origin: "labels", count: families, models: count },
    documents: { models: answers, answers },
  };
  const documents = { atlas };
  if (!answers) return documents;
  const sentence = (n) => Array.from({ length: n }, () => pick(WORDS)).join(" ");
  const text = Array.from({ length: probes }, () => `${sentence(6 + Math.floor(rnd() * 8))} ...`);
  documents.probes = { id: text.map((_, k) => `p${String(k).padStart(3, "0")}`), text };
  const said = [];
  models.forEach((m) => {
    const old = m.parent < 0 ? null : said[m.parent];
    said.push(text.map((_, k) => {
      if (old === null) return sentence(14);
      const words = old[k].split(" ");
      return rnd() < 0.72 ? old[k] : [...words.slice(0, 1 + Math.floor(rnd() * 10)), sentence(6)].join(" ");
    }));
  });
  if (hostile) {
    said[families][0] = `</div><script>alert(3)</script>${said[families][0]}`;
    said[families][1] = `right\u202eto left\u202c ok \u0000\u0001 ${"long ".repeat(20000)}`;
  }
  const shared = (a, b) => { let n = 0; while (n < a.length && a[n] === b[n]) n++; return n; };
  names.forEach((name, i) => {
    documents[`answers/${i}`] = { text: said[i].map((t, k) => (k === 7 && i % 5 === 0 ? null : t)), state: said[i].map((_, k) => (k === 7 && i % 5 === 0 ? "refused" : "ok")) };
    const near = models.map((m, j) => [j, Math.abs(m.family - models[i].family) * 2 + Math.abs(m.depth - models[i].depth) * 0.1 + (m.parent === i || models[i].parent === j ? 0 : 0.2) + Math.abs(((i * 31 + j * 17) % 97) / 970)]).filter(([j]) => j !== i).sort((a, b) => a[1] - b[1]).slice(0, 12);
    const weigh = (j) => text.map((_, k) => ({ probe: k, weight: Number(Math.log1p(shared(said[i][k], said[j][k])).toFixed(3)) })).sort((a, b) => b.weight - a.weight);
    documents[`model/${i}`] = {
      index: i, name, uri: `openai:${name.slice(0, 300)}@https://host.example/v1`, fingerprint: `sha256:${String(i).padStart(64, "0")}`,
      metadata: { licence: "apache-2.0", context: "8192", ...(hostile ? { "<b>key</b>": "<i>value</i>\u202e" } : {}) },
      provenance: { usable: probes - (i % 5 === 0 ? 1 : 0), probes, notes: i % 4 === 0 ? ["answered through the raw interface"] : [], encoders: ["prefixes 1"], states: i % 5 === 0 ? { ok: probes - 1, refused: 1 } : { ok: probes }, digest: "b".repeat(64) },
      relatives: near.map(([j, d], k) => ({ index: j, distance: Number((0.2 + d * 0.3).toFixed(4)), similarity: Number((0.9 / (1 + d)).toFixed(3)), verdict: models[j].family === models[i].family ? (k % 5 === 4 ? "inconclusive" : "related") : k > 9 ? "not tested" : "unrelated", p: k > 9 ? null : models[j].family === models[i].family ? 0.0004 * (k + 1) : 0.42, alpha: 0.01, reason: models[j].family === models[i].family ? (k % 5 === 4 ? "above-alpha" : "beyond-unrelated") : k > 9 ? "no-panel" : "below-kin", note: models[j].family === models[i].family ? (k % 5 === 4 ? "2.1% of unrelated pairs of the same style have as much in common, more than the false-positive rate of 1%; so have kin" : "at most 0.12% of unrelated pairs of the same style have so much in common, and it is spread over probes") : "at most 3% of known kin have so little in common, as 42% of unrelated pairs do" })),
      set: { families: [FAMILIES[models[i].family]], more: 0, none: i % 3 === 0, coverage: 0.9, best: FAMILIES[models[i].family], probability: 0.86, refused: "", basis: "made up", note: "" },
      foundation: { candidates: [{ name: FAMILIES[models[i].family], probability: 0.86 }, { name: FAMILIES[(models[i].family + 1) % families], probability: 0.08 }, { name: "none of these", probability: 0.06 }], note: "Probabilities among the families of this registry." },
      parents: models[i].parent < 0 ? [] : [{ index: models[i].parent, confidence: 0.71, note: "nearest model that came before it" }],
      evidence: near.slice(0, 4).map(([j]) => ({ other: j, for: weigh(j).slice(0, 4), against: weigh(j).slice(-3).reverse() })),
    };
  });
  return documents;
}

/** Writes documents as a server would give them, and as scripts for a static bundle. */
export function write(folder, documents) {
  for (const [name, value] of Object.entries(documents)) {
    const json = JSON.stringify(value);
    for (const [path, text] of [[`api/v1/documents/${name}.json`, json], [`data/${name}.js`, `cladistDocument(${JSON.stringify(name)}, ${json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")});\n`]]) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = process.argv[2] ?? fileURLToPath(new URL("./out", import.meta.url));
  const sizes = process.argv.slice(3).map(Number);
  for (const count of sizes.length > 0 ? sizes : [12, 1000, 10000]) write(join(out, String(count)), sample(count, { hostile: count === 12 }));
}
