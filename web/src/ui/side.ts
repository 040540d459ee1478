/** Two answers to one probe, side by side, with what they share at the beginning marked. */

import type { AnswersDocument, ProbesDocument } from "../data/types";
import { figure, safe, sharedBeginning } from "../text/safe";
import { scriptOf } from "../text/script";
import { language, tr } from "../text/words";
import { button, h, replace } from "./dom";

const FIRST = 1_200;

export interface Sides {
  readonly probes: ProbesDocument;
  readonly a: AnswersDocument;
  readonly b: AnswersDocument;
  readonly labels: readonly [string, string];
}

/** How many characters the two answers to a probe share at their beginning; -1 without answers. */
export function shared({ a, b }: Sides, probe: number): number {
  const [x, y] = [a.text[probe], b.text[probe]];
  return x == null || y == null ? -1 : sharedBeginning(x, y);
}

export function sideBySide(sides: Sides, probe: number, weight: number | null): HTMLElement {
  const common = shared(sides, probe);
  const same = common >= 0 && common === sides.a.text[probe]?.length && common === sides.b.text[probe]?.length;
  const says = common < 0 ? tr("no two answers") : same ? tr("the same answer") : common === 0 ? tr("nothing shared at the beginning") : tr("they share their first character|they share their first {n} characters", { n: common });
  return h(
    "article",
    { class: "probe" },
    h("header", {},
      h("span", { class: "probe-id" }, h("bdi", {}, safe(sides.probes.id[probe] ?? `#${probe}`, 60))),
      weight === null ? null : h("span", { class: weight > 0 ? "weight for" : weight < 0 ? "weight against" : "weight", title: tr("Weight of this prompt in the evidence") }, `${weight > 0 ? "+" : ""}${figure(weight)}`),
      h("span", { class: "hint" }, says)),
    prompt(sides.probes.text[probe] ?? ""),
    h("div", { class: "answers" },
      answer(sides.labels[0], sides.a, probe, common),
      answer(sides.labels[1], sides.b, probe, common)),
    foreign(sides, probe, same, common),
  );
}

/** What was asked; recorded answers may have come without it. */
function prompt(text: string): HTMLElement {
  if (text.trim() === "") return h("p", { class: "hint" }, tr("The text of this prompt was not recorded."));
  return h("p", { class: "prompt" }, h("span", { class: "caption" }, tr("Prompt"), " "), h("bdi", {}, safe(text, FIRST)));
}

/** What somebody can see who does not read the script of the answers. */
function foreign(sides: Sides, probe: number, same: boolean, common: number): HTMLElement | null {
  const script = scriptOf(`${sides.a.text[probe] ?? ""}${sides.b.text[probe] ?? ""}`);
  if (script === null || common <= 0 || (script === "Han" && language() === "zh") || (script === "Latin" && language() === "en")) return null;
  const what = { script: scriptName(script), n: common };
  return h("p", { class: "hint" }, same
    ? tr("Both answers are written in {script} and are the same, sign for sign.", what)
    : tr("Both answers are written in {script}; marked are the signs with which both begin, the same in the same order. They need not be read to be compared.", what));
}

function scriptName(script: string): string {
  return new Intl.DisplayNames([language()], { type: "script" }).of(CODES[script] ?? "Zyyy") ?? script;
}

const CODES: Readonly<Record<string, string>> = {
  Latin: "Latn", Han: "Hani", Cyrillic: "Cyrl", Arabic: "Arab", Hebrew: "Hebr", Devanagari: "Deva",
  Hangul: "Hang", Hiragana: "Hira", Katakana: "Kana", Thai: "Thai", Greek: "Grek", Bengali: "Beng", Tamil: "Taml",
};

function answer(label: string, answers: AnswersDocument, probe: number, common: number): HTMLElement {
  const text = answers.text[probe] ?? null;
  const state = answers.state[probe] ?? "not asked";
  const body = h("div", { class: "answer-text", dir: "auto" });
  const fill = (most: number) => {
    if (text === null) {
      replace(body, h("em", { class: "hint" }, tr("no answer ({state})", { state: safe(state, 40) })));
      return;
    }
    if (text === "") {
      replace(body, h("em", { class: "hint" }, tr("an empty answer")));
      return;
    }
    const cut = text.slice(0, most);
    const at = Math.max(0, Math.min(common, cut.length));
    replace(
      body,
      at > 0 ? h("mark", {}, safe(cut.slice(0, at), most)) : null,
      safe(cut.slice(at), most),
      text.length > most
        ? button({ class: "quiet" }, tr("… {n} more character|… {n} more characters", { n: text.length - most }), () => fill(Math.min(text.length, most === FIRST ? 20_000 : text.length)))
        : null,
    );
  };
  fill(FIRST);
  return h("section", { class: "answer" },
    h("h3", {}, h("bdi", { class: "name" }, label), state === "ok" ? null : h("span", { class: "state" }, safe(state, 40))),
    body);
}
