/** Small drawings that stand beside text: marks of groups, verdicts, bars. */

import { OUTLINES, SHAPES } from "../colour/palette";
import type { DeclaredVerdict, Verdict } from "../data/types";
import { line } from "../text/safe";
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

export const MEANINGS: Readonly<Record<AnyVerdict, string>> = {
  related: "The two answer alike more than unrelated models would; the false-positive rate says how many unrelated pairs would be called so.",
  unrelated: "What they share is no more than strangers share, and kin this close would have shared more.",
  inconclusive: "The evidence neither shows kinship nor rules it out. This is not a 'no'.",
  "not tested": "No test could be made: only the distance is known, or the answers or the models here do not allow one. Nearest does not mean related.",
  supported: "The measured evidence agrees with what was declared.",
  contradicted: "The measured evidence speaks against what was declared.",
  "not measured": "The declared parent is not among the models here.",
};

/** A verdict as a chip with a sign, so that colour is never all there is. */
export function verdict(value: AnyVerdict): HTMLElement {
  const known = Object.hasOwn(CLASSES, value);
  return h(
    "span",
    { class: `verdict ${known ? CLASSES[value] : "none"}`, title: known ? MEANINGS[value] : null },
    h("span", { class: "sign", "aria-hidden": "true" }, known ? SIGNS[value] : "–"),
    line(value, 40),
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
