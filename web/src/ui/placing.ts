/** A model that is not here: its answers are dropped on the page, and the server places it. */

import { AnswersError, readAnswers } from "../data/answersfile";
import type { Answers } from "../data/answersfile";
import { place } from "../data/load";
import type { PlacedDocument, ProbesDocument } from "../data/types";
import { remark } from "../text/remarks";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { conclusion, kinList } from "./card";
import type { Card } from "./card";
import { askForm } from "./asking";
import { add, button, h } from "./dom";
import { failed, waiting } from "./parts";

const MOST_BYTES = 1_900_000;

/** A button that opens what can be done to place a model; files dropped anywhere on the page are taken as well. */
export function placer(app: App, card: Card, references: HTMLDialogElement | null): HTMLElement | null {
  if (document.documentElement.dataset["source"] === "static") return null;
  const alike = h("input", { type: "checkbox", "data-alike": true });
  const input = h("input", { type: "file", accept: ".json,.jsonl,.csv,.tsv", hidden: true, "aria-label": tr("Place a model"), "data-place": true });
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    app.go({ page: "overview" });
    await placed(app, card, file, alike.checked);
  };
  input.addEventListener("change", () => {
    void take(input.files?.[0]);
    input.value = "";
  });
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (event.dataTransfer?.files.length !== 1) return;
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  });
  const dialog = h("dialog", { class: "help place", "aria-label": tr("Place a model") });
  const close = () => dialog.close();
  add(dialog, [
    h("div", { class: "dialog-head" }, h("h2", {}, tr("Place a model")), button({ class: "tool close", "aria-label": tr("Close") }, "×", close)),
    h("section", {}, h("h3", {}, tr("A file of its answers")),
      h("p", { class: "hint" }, tr("Choose or drop a file of one model's answers to the prompts of this atlas: JSON, JSON lines or CSV. Nothing is stored.")),
      h("label", { class: "field check" }, alike, h("span", {}, tr("It was asked with the settings of the models here. Unless that is known no family is excluded, and nobody is called unrelated."))),
      button({ class: "tool" }, tr("Choose a file"), () => {
        close();
        input.click();
      })),
    askForm(app, card, close),
    references === null ? null : h("section", {}, h("h3", {}, tr("Among other models")),
      h("p", { class: "hint" }, tr("It is placed among the models of this atlas. Choose a reference to have it placed among those.")),
      button({ class: "tool" }, tr("Choose a reference"), () => {
        close();
        references.showModal();
      })),
  ]);
  return h("span", { class: "placer" },
    button({ class: "tool", title: tr("Find where a model belongs that is not here") }, tr("Place a model"), () => dialog.showModal()),
    input, dialog);
}

async function placed(app: App, card: Card, file: File, alike: boolean): Promise<void> {
  const blank = { index: null, relatives: [], below: [], name: file.name };
  card.newcomer(blank, [waiting(tr("The server places it among the models here."))]);
  try {
    if (file.size > MOST_BYTES) throw new AnswersError(tr("The file is larger than the server takes (2 MB)."));
    const probes = await app.load<ProbesDocument>("probes");
    const answers = readAnswers(file.name, await file.text(), probes);
    const found = await place<PlacedDocument>({ name: answers.name, responses: answers.responses, alike });
    showPlaced(app, card, { ...found, name: answers.name }, told(answers));
  } catch (error) {
    card.newcomer(blank, [failed(error)]);
  }
}

/** A newcomer on its card, on the map and on the tree; `remarks` say what that rests on. */
export function showPlaced(app: App, card: Card, found: PlacedDocument, remarks: readonly string[]): void {
  const parts = [
    tr("{a} of {b} prompts have a usable answer.", { a: found.usable, b: found.probes }),
    ...remarks,
    tr("Its place on the map is the mean of its three nearest models."),
    line(remark(found.note), 300),
  ];
  card.newcomer(
    { index: null, relatives: found.nearest, below: found.tree?.below ?? [], name: found.name },
    [conclusion(app, found.nearest, found.set, null, tr("No set of families: too few models of known family, or answers that say nothing of descent.")), kinList(app, found.nearest, null),
      h("p", { class: "hint" }, h("bdi", {}, parts.filter((p) => p !== "").join(" ")))]);
  app.say(tr("{name} is placed", { name: line(found.name, 80) }));
}

function told(answers: Answers): string[] {
  return [
    tr("Answers are from '{answer}', prompts from '{prompt}'.", answers.read),
    answers.unknown > 0 ? tr("{n} entry answers no prompt of this atlas.|{n} entries answer no prompt of this atlas.", { n: answers.unknown }) : "",
    answers.repeated > 0 ? tr("{n} entry repeats a prompt; the first counts.|{n} entries repeat a prompt; the first counts.", { n: answers.repeated }) : "",
    tr("Nothing was stored."),
  ];
}
