/** The card of one model beside map and tree: the conclusion, then kin, then evidence, folded. */

import type { AnswersDocument, FamilySet, ModelDocument, ProbesDocument, Relative } from "../data/types";
import { chance, far, line, safe } from "../text/safe";
import { noFamilies } from "../text/families";
import { remark } from "../text/remarks";
import { share, tr } from "../text/words";
import type { App, Kin } from "./app";
import { button, h, replace } from "./dom";
import { facts, provenance } from "./facts";
import { name, reasoned, verdict } from "./marks";
import { failed, modelLink, waiting } from "./parts";
import { sideBySide } from "./side";

const STRONGEST = 3;

export class Card {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "card-body" });
  private shown: number | null = null;

  constructor(private readonly app: App) {
    this.element = h("aside", { class: "panel model-card", "aria-label": tr("The chosen model"), hidden: true }, this.body);
    app.store.subscribe((_, changed) => {
      if (changed.has("active")) void this.show();
    });
    void this.show();
  }

  /** Shows a model that is not here. */
  newcomer(kin: Kin, content: readonly Node[]): void {
    this.shown = null;
    this.app.store.set({ active: null });
    this.open([this.head(h("h2", {}, name(line(kin.name, 120)))), ...content]);
    this.app.setKin(kin);
  }

  private open(content: readonly Node[]): void {
    replace(this.body, ...content);
    this.element.hidden = false;
    this.element.scrollTop = 0;
    this.element.parentElement?.classList.add("with-card");
  }

  close(): void {
    this.shown = null;
    this.element.hidden = true;
    this.element.parentElement?.classList.remove("with-card");
    this.app.setKin(null);
    this.app.store.set({ active: null });
  }

  private head(title: HTMLElement, ...tools: Node[]): HTMLElement {
    return h("header", { class: "model-head" }, title, h("span", { class: "model-tools" }, ...tools,
      button({ class: "tool close", "aria-label": tr("Close"), title: tr("Close") }, "×", () => this.close())));
  }

  async show(): Promise<void> {
    const { app } = this;
    const index = app.state.active;
    if (index === null || index === this.shown) return;
    this.shown = index;
    const head = this.head(h("h2", {}, name(app.label(index))),
      button({ class: "tool" }, tr("Full page"), () => app.go({ page: "model", index, other: null })));
    if (!app.atlas.documents.models) {
      app.setKin(null);
      this.open([head, h("p", { class: "empty" }, tr("This folder was made without the pages of models."))]);
      return;
    }
    this.open([head, waiting()]);
    try {
      const document = await app.load<ModelDocument>(`model/${index}`);
      if (this.shown !== index) return;
      app.setKin({ index, relatives: document.relatives, below: [], name: app.label(index) });
      this.open([
        head,
        conclusion(app, document.relatives, document.set, parents(app, document), noFamilies(document.foundation)),
        kinList(app, document.relatives, index),
        this.evidence(document),
        h("details", {}, h("summary", {}, tr("What is said of it")), facts(app, index, document)),
        h("details", {}, h("summary", {}, tr("How its DNA was taken")), provenance(document)),
      ]);
      const first = document.relatives[0];
      if (first !== undefined)
        app.say(tr("{a}: nearest is {b}, {verdict}", { a: app.label(index), b: app.label(first.index), verdict: tr(first.verdict) }));
    } catch (error) {
      if (this.shown === index) this.open([head, failed(error)]);
    }
  }

  private evidence(document: ModelDocument): HTMLElement {
    const entry = document.evidence[0];
    const body = h("div", {}, waiting());
    const element = h("details", { class: "evidence-fold" },
      h("summary", {}, tr("Evidence: the {n} prompts that speak loudest", { n: STRONGEST })), body);
    if (entry === undefined) element.hidden = true;
    element.addEventListener("toggle", () => {
      if (element.open && entry !== undefined) void this.prompts(body, document, entry);
    });
    return element;
  }

  private async prompts(body: HTMLElement, document: ModelDocument, entry: ModelDocument["evidence"][number]): Promise<void> {
    const { app } = this;
    if (!app.atlas.documents.answers) {
      replace(body, h("p", { class: "hint" }, tr("This folder was made without the answers.")));
      return;
    }
    try {
      const [probes, a, b] = await Promise.all([
        app.load<ProbesDocument>("probes"),
        app.load<AnswersDocument>(`answers/${document.index}`),
        app.load<AnswersDocument>(`answers/${entry.other}`),
      ]);
      const sides = { probes, a, b, labels: [app.label(document.index), app.label(entry.other)] as const };
      const strongest = entry.for.slice(0, STRONGEST);
      replace(body,
        h("p", { class: "hint" }, tr("Marked is what both answers begin with. Sharing what few models say weighs most.")),
        ...strongest.map((w) => sideBySide(sides, w.probe, w.weight)),
        strongest.length === 0 ? h("p", { class: "hint" }, tr("No prompt speaks for kinship.")) : null,
        button({ class: "tool" }, tr("All prompts of this pair"), () => app.go({ page: "pair", a: document.index, b: entry.other })));
    } catch (error) {
      replace(body, failed(error));
    }
  }
}

/** The set of families in the words of the command line. */
export function setWords(set: FamilySet): string {
  const level = share(set.coverage);
  if (set.refused !== "") return tr("No set at {level}, no family is excluded: {why}", { level, why: safe(remark(set.refused), 300) });
  if (set.families.length === 0 && !set.none)
    return tr("Nothing is left at {level}: neither a family of the panel nor 'none of these'", { level });
  const names = set.families.map((f) => line(f, 80));
  if (set.more > 0) names.push(tr("{n} more family|{n} more families", { n: set.more }));
  if (set.none) names.push(tr("none of these"));
  return tr("Not excluded at {level}: {names}", { level, names: names.join(tr(", ")) });
}

/** What can be concluded, first of all; `none` is said where there is no set of families. */
export function conclusion(app: App, relatives: readonly Relative[], set: FamilySet | null, parent: Node | null, none: string): HTMLElement {
  const nearest = relatives[0];
  const alpha = relatives.find((r) => r.alpha !== null)?.alpha ?? null;
  return h("section", { class: "conclusion", "aria-label": tr("Conclusion") },
    nearest === undefined ? h("p", {}, tr("There is no other model to compare with."))
      : h("p", { class: "nearest" }, h("span", { class: "caption" }, tr("Nearest")), modelLink(app, nearest.index), verdict(nearest.verdict),
          nearest.p === null ? null : h("span", { class: "p-value" }, `p ${chance(nearest.p)}`)),
    nearest === undefined ? null : h("p", { class: "hint" }, h("bdi", {}, reasoned(nearest)),
      alpha === null ? null : ` · ${tr("false-positive rate {rate}", { rate: share(alpha) })}`),
    h("p", { class: "set" }, h("span", { class: "caption" }, tr("Family")),
      h("bdi", {}, set === null ? none : setWords(set))),
    set === null || set.families.length === 0 ? null : likeliest(set),
    parent);
}

/** The best family, where it is likelier than all others together; less is no answer but a guess. */
function likeliest(set: FamilySet): HTMLElement {
  const told = set.probability > 0.5
    ? tr("Best family: {name}, {share}", { name: line(set.best, 80), share: share(set.probability) })
    : tr("No family is likelier than all others together.");
  return h("p", { class: "hint" }, told, set.note === "" ? null : ` · ${safe(remark(set.note), 200)}`);
}

export function parents(app: App, document: ModelDocument): HTMLElement {
  const caption = h("span", { class: "caption" }, tr("Parent"));
  if (document.parents.length === 0) return h("p", {}, caption, tr("It cannot be told."));
  return h("p", {}, caption, ...document.parents.flatMap((p, k) => [
    k > 0 ? tr(", ") : null, modelLink(app, p.index), ` ${share(p.confidence)}`]));
}

/** Kin with verdicts; how many were asked about is explained once. */
export function kinList(app: App, relatives: readonly Relative[], index: number | null, heading: "h2" | "h3" = "h3"): HTMLElement {
  const row = (r: Relative, k: number) =>
    h("li", { "data-kin": r.index },
      h("span", { class: "rank" }, k + 1), modelLink(app, r.index), verdict(r.verdict),
      h("span", { class: "num", title: tr("Distance, and p where it was tested") }, `${tr("distance {d}", { d: far(r.distance) })}${r.p === null ? "" : ` · p ${chance(r.p)}`}`),
      index === null ? null : button({ class: "quiet", "aria-label": tr("Compare with {name}", { name: app.label(r.index) }), title: tr("Compare, prompt by prompt") }, "⇄", () => app.go({ page: "pair", a: index, b: r.index })));
  const list = h("ol", { class: "kin" }, ...relatives.map(row));
  list.addEventListener("pointerover", (event) => {
    const item = (event.target as Element).closest<HTMLElement>("[data-kin]");
    app.setHover(item === null ? null : Number(item.dataset["kin"]));
  });
  list.addEventListener("pointerleave", () => app.setHover(null));
  const tested = relatives.some((r) => r.p !== null);
  return h("section", { "aria-label": tr("Kin") },
    h(heading, {}, tr("Nearest models")), list,
    tested ? h("p", { class: "hint" }, tr("p is adjusted for the {n} listed, as they were chosen for being nearest; a pair that you compare is tested alone, and may be decided where the list leaves it open.", { n: relatives.length })) : null);
}
