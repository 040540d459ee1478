/** Two models probe by probe. */

import type { AnswersDocument, ModelDocument, PairDocument, ProbesDocument, Relative } from "../data/types";
import { chance, far, grouped } from "../text/safe";
import { share, tr } from "../text/words";
import type { App } from "./app";
import { button, choice, h, replace } from "./dom";
import { bar, meaning, name, reasoned, verdict } from "./marks";
import { failed, modelLink, waiting } from "./parts";
import { shared, sideBySide } from "./side";
import type { Sides } from "./side";

const STEP = 8;
type Order = "weight" | "shared" | "probe";

interface Judged {
  readonly distance: number;
  readonly verdict: PairDocument["verdict"];
  readonly p: number | null;
  readonly alpha: number | null;
  readonly reason?: string;
  readonly note: string;
  readonly weights: ReadonlyMap<number, number>;
}

export async function pairPage(app: App, host: HTMLElement, a: number, b: number, current: () => boolean): Promise<void> {
  const title = h("h1", { tabindex: -1 }, name(app.label(a)), h("span", { class: "against" }, ` ${tr("and")} `), name(app.label(b)));
  const body = h("div", { class: "page-body single" }, waiting(tr("The two are tested against all other models, which takes some seconds in a large collection.")));
  replace(host,
    h("header", { class: "page-head" },
      button({ class: "tool back" }, tr("← Overview"), () => app.go({ page: "overview" })),
      title,
      h("span", { class: "spacer" }),
      button({ class: "tool" }, tr("Show in the overview"), () => {
        app.select([a, b]);
        app.go({ page: "overview" });
      })),
    body);
  title.focus({ preventScroll: true });
  const [judged, sides] = await Promise.allSettled([judge(app, a, b), answers(app, a, b)]);
  if (!current()) return;
  replace(body,
    judged.status === "fulfilled" ? summary(app, a, b, judged.value, sides.status === "fulfilled" ? sides.value : null) : failed(judged.reason),
    sides.status === "fulfilled"
      ? sides.value === null
        ? h("p", { class: "empty" }, tr("This folder was made without the answers."))
        : list(sides.value, judged.status === "fulfilled" ? judged.value : null)
      : failed(sides.reason));
}

/** From the server, or from either model's page where there is none. */
async function judge(app: App, a: number, b: number): Promise<Judged | null> {
  if (document.documentElement.dataset["source"] !== "static") {
    const pair = await app.load<PairDocument>(`pair/${a}/${b}`);
    return { ...pair, weights: new Map(pair.probe.map((w) => [w.probe, w.weight])) };
  }
  if (!app.atlas.documents.models) return null;
  const pages = await Promise.all([app.load<ModelDocument>(`model/${a}`), app.load<ModelDocument>(`model/${b}`)]);
  const found = pages[0].relatives.find((r) => r.index === b) ?? pages[1].relatives.find((r) => r.index === a);
  return found === undefined ? null : { ...(found satisfies Relative), weights: weights(pages, a, b) };
}

function weights(pages: readonly ModelDocument[], a: number, b: number): Map<number, number> {
  const found = new Map<number, number>();
  pages.forEach((page, k) => {
    const entry = page.evidence.find((e) => e.other === (k === 0 ? b : a));
    for (const w of entry?.for ?? []) found.set(w.probe, Math.abs(w.weight));
    for (const w of entry?.against ?? []) found.set(w.probe, -Math.abs(w.weight));
  });
  return found;
}

async function answers(app: App, a: number, b: number): Promise<Sides | null> {
  if (!app.atlas.documents.answers) return null;
  const [probes, x, y] = await Promise.all([
    app.load<ProbesDocument>("probes"),
    app.load<AnswersDocument>(`answers/${a}`),
    app.load<AnswersDocument>(`answers/${b}`),
  ]);
  return { probes, a: x, b: y, labels: [app.label(a), app.label(b)] };
}

function summary(app: App, a: number, b: number, judged: Judged | null, sides: Sides | null): HTMLElement {
  const fact = (label: string, value: string | Node) => h("div", { class: "fact" }, h("span", { class: "caption" }, label), h("span", { class: "value" }, value));
  const counts = sides === null ? null : tally(sides);
  return h("section", { class: "card" },
    h("div", { class: "fact-row" },
      fact(tr("Models"), h("span", { class: "two" }, modelLink(app, a), modelLink(app, b))),
      judged === null ? null : fact(tr("Verdict"), verdict(judged.verdict)),
      judged === null ? null : fact(tr("Distance"), far(judged.distance)),
      judged === null ? null : fact("p", chance(judged.p)),
      judged?.alpha == null ? null : fact(tr("False-positive rate"), share(judged.alpha)),
      counts === null ? null : fact(tr("Begin alike"), tr("{a} of {b}", { a: counts.alike, b: counts.both })),
      counts === null ? null : fact(tr("Same answer"), grouped(counts.same))),
    counts === null ? null : bar(counts.alike / Math.max(1, counts.both), "wide"),
    judged === null
      ? h("p", { class: "hint" }, tr("These two are not among each other's nearest models, so this folder holds no verdict on them. The server (cladist map serve) tests any pair."))
      : h("p", {}, meaning(judged.verdict)),
    judged === null || judged.note === "" ? null : h("p", { class: "hint" }, h("bdi", {}, reasoned(judged))));
}

function tally(sides: Sides): { both: number; alike: number; same: number } {
  let [both, alike, same] = [0, 0, 0];
  for (let probe = 0; probe < sides.probes.id.length; probe++) {
    const common = shared(sides, probe);
    if (common < 0) continue;
    both++;
    if (common >= 4) alike++;
    if (common === sides.a.text[probe]?.length && common === sides.b.text[probe]?.length) same++;
  }
  return { both, alike, same };
}

function list(sides: Sides, judged: Judged | null): HTMLElement {
  const weight = (probe: number) => judged?.weights.get(probe) ?? null;
  const weighed = (judged?.weights.size ?? 0) > 0;
  let order: Order = weighed ? "weight" : "shared";
  let most = STEP;
  const rows = h("div", { class: "probes" });
  const more = button({ class: "tool" }, "…", () => {
    most += STEP;
    show();
  });
  const show = () => {
    const probes = Array.from({ length: sides.probes.id.length }, (_, k) => k);
    if (order === "weight") probes.sort((x, y) => Math.abs(weight(y) ?? 0) - Math.abs(weight(x) ?? 0) || x - y);
    if (order === "shared") probes.sort((x, y) => shared(sides, y) - shared(sides, x) || x - y);
    replace(rows, ...probes.slice(0, most).map((p) => sideBySide(sides, p, weight(p))));
    more.hidden = most >= probes.length;
    more.textContent = tr("{n} more prompt|{n} more prompts", { n: Math.max(0, probes.length - most) });
  };
  const options: [Order, string][] = [["shared", tr("shared beginning")], ["probe", tr("order of the prompts")]];
  if (weighed) options.unshift(["weight", tr("weight in the evidence")]);
  show();
  return h("section", { class: "card" },
    h("header", { class: "card-head" }, h("h2", {}, tr("Prompt by prompt")),
      h("label", { class: "field inline" }, h("span", { class: "caption" }, tr("Order")),
        choice(tr("Order"), options, order, (v) => {
          order = options.find(([k]) => k === v)?.[0] ?? "probe";
          most = STEP;
          show();
        }))),
    h("p", { class: "hint" }, tr("Marked is what both answers begin with. Sharing what few models say weighs most.")),
    rows, more);
}
