/** Small drawings that stand beside text: marks of groups, verdicts, bars. */

import { OUTLINES, SHAPES } from "../colour/palette";
import type { DeclaredVerdict, Verdict } from "../data/types";
import { line, safe } from "../text/safe";
import { language, tr } from "../text/words";
import { h, s } from "./dom";

/** The mark of a group as a small picture, hidden from screen readers as text stands beside it. */
export function markIcon(colour: string, shape: number, hollow = false): SVGSVGElement {
  const corners = OUTLINES[shape] ?? [];
  const look = hollow
    ? { fill: "none", stroke: colour, "stroke-width": 0.35 }
    : { fill: colour };
  const icon = s("svg", {
    viewBox: "-1.25 -1.25 2.5 2.5", width: 12, height: 12, class: "mark",
    "aria-hidden": "true", "data-shape": SHAPES[shape] ?? "circle",
  });
  icon.append(
    corners.length === 0
      ? s("circle", { r: 0.95, ...look })
      : s("polygon", { points: corners.map((c) => c.join(",")).join(" "), ...look }),
  );
  return icon;
}

type AnyVerdict = Verdict | DeclaredVerdict;

const SIGNS: Readonly<Record<AnyVerdict, string>> = {
  related: "●", supported: "●",
  unrelated: "✕", contradicted: "✕",
  inconclusive: "?",
  "not tested": "–", "not measured": "–",
};
const CLASSES: Readonly<Record<AnyVerdict, string>> = {
  related: "yes", supported: "yes",
  unrelated: "no", contradicted: "no",
  inconclusive: "open",
  "not tested": "none", "not measured": "none",
};

/** The sign that stands for a verdict where there is no room for the word. */
export function sign(value: AnyVerdict): string {
  return Object.hasOwn(SIGNS, value) ? SIGNS[value] : "–";
}

/** What a verdict means, in a sentence. */
export function meaning(value: AnyVerdict): string {
  const known: Readonly<Record<AnyVerdict, string>> = {
    related: tr("The two answer alike more than unrelated models would; the false-positive rate says how many unrelated pairs would be called so."),
    unrelated: tr("What they share is no more than strangers share, and kin this close would have shared more."),
    inconclusive: tr("The evidence neither shows kinship nor rules it out. This is not a 'no'."),
    "not tested": tr("No test could be made: only the distance is known, or the answers or the models here do not allow one. Nearest does not mean related."),
    supported: tr("The two are decided to be related, as was declared."),
    contradicted: tr("The two are decided to be unrelated, by a test that keeps to the stated rates."),
    "not measured": tr("The declared parent is not among the models here."),
  };
  return Object.hasOwn(known, value) ? known[value] : "";
}

/** The reason of a verdict: the decision's own sentence, or its translation by the reason's code. */
export function reasoned(r: { readonly reason?: string | undefined; readonly note: string }): string {
  if (language() === "en" || r.reason === undefined || r.reason === "") return safe(r.note, 400);
  const told: Readonly<Record<string, string>> = {
    "beyond-unrelated": tr("few unrelated pairs of the same style share as much, and it is spread over prompts"),
    "below-kin": tr("few known kin have so little in common"),
    "few-probes": tr("both answered too few prompts"),
    "constant-answers": tr("one of them says the same whatever it is asked"),
    "prompt-echo": tr("one of them mostly repeats the prompts"),
    "canned-answers": tr("what they share is said by rote"),
    "nearly-empty": tr("one of them hardly answers"),
    uncovered: tr("the panel holds no models like these two"),
    "probes-disagree": tr("what they share rests on a few prompts, or on style alone"),
    "among-candidates": tr("alone it would be related; among those listed it is not"),
    "above-alpha": tr("unrelated pairs share as much more often than the false-positive rate allows"),
    "panel-too-small": tr("the panel has too few makers for this rate"),
    "no-panel": tr("there is no panel to test against"),
  };
  return Object.hasOwn(told, r.reason) ? (told[r.reason] ?? "") : safe(r.note, 400);
}

/** A verdict as a chip with a sign, so that colour is never all there is. */
export function verdict(value: AnyVerdict): HTMLElement {
  const known = Object.hasOwn(CLASSES, value);
  return h(
    "span",
    { class: `verdict ${known ? CLASSES[value] : "none"}`, title: known ? meaning(value) : null },
    h("span", { class: "sign", "aria-hidden": "true" }, known ? SIGNS[value] : "–"),
    known ? tr(value) : line(String(value), 40),
  );
}

/** A name, isolated from the direction of the text around it. */
export function name(label: string): HTMLElement {
  return h("bdi", { class: "name" }, label);
}

/** A share from 0 to 1 as a bar; the figure beside it carries the meaning. */
export function bar(share: number, kind = ""): HTMLElement {
  const fill = h("span", { class: "fill" });
  fill.style.setProperty("inline-size", `${Math.max(0, Math.min(1, share)) * 100}%`);
  return h("span", { class: `bar ${kind}`, "aria-hidden": "true" }, fill);
}
