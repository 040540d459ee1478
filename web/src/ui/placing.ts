/** A model that is not here: its answers are dropped on the page, and the server places it. */

import { AnswersError, readAnswers } from "../data/answersfile";
import type { Answers } from "../data/answersfile";
import { place } from "../data/load";
import type { PlacedDocument, ProbesDocument } from "../data/types";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { conclusion, kinList } from "./card";
import type { Card } from "./card";
import { button, h } from "./dom";
import { failed, waiting } from "./parts";

const MOST_BYTES = 1_900_000;

/** A button that asks for a file; files dropped anywhere on the page are taken as well. */
export function placer(app: App, card: Card): HTMLElement | null {
  if (document.documentElement.dataset["source"] === "static") return null;
  const input = h("input", { type: "file", accept: ".json,.jsonl,.csv,.tsv", hidden: true, "aria-label": tr("Place a model"), "data-place": true });
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    app.go({ page: "overview" });
    await placed(app, card, file);
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
  return h("span", { class: "placer" },
    button({ class: "tool", title: tr("Choose or drop a file of one model's answers to the prompts of this atlas: JSON, JSON lines or CSV. Nothing is stored.") }, tr("Place a model"), () => input.click()),
    input);
}

async function placed(app: App, card: Card, file: File): Promise<void> {
  const blank = { index: null, relatives: [], below: [], name: file.name };
  card.newcomer(blank, [waiting(tr("The server places it among the models here."))]);
  try {
    if (file.size > MOST_BYTES) throw new AnswersError(tr("The file is larger than the server takes (2 MB)."));
    const probes = await app.load<ProbesDocument>("probes");
    const answers = readAnswers(file.name, await file.text(), probes);
    const found = await place<PlacedDocument>({ name: answers.name, responses: answers.responses });
    card.newcomer(
      { index: null, relatives: found.nearest, below: found.tree?.below ?? [], name: answers.name },
      [conclusion(app, found.nearest, found.set, null), kinList(app, found.nearest, null), told(answers, found)]);
    app.say(tr("{name} is placed", { name: line(answers.name, 80) }));
  } catch (error) {
    card.newcomer(blank, [failed(error)]);
  }
}

function told(answers: Answers, found: PlacedDocument): HTMLElement {
  const parts = [
    tr("Answers are from '{answer}', prompts from '{prompt}'.", answers.read),
    tr("{a} of {b} prompts have a usable answer.", { a: found.usable, b: found.probes }),
    answers.unknown > 0 ? tr("{n} entry answers no prompt of this atlas.|{n} entries answer no prompt of this atlas.", { n: answers.unknown }) : "",
    answers.repeated > 0 ? tr("{n} entry repeats a prompt; the first counts.|{n} entries repeat a prompt; the first counts.", { n: answers.repeated }) : "",
    tr("Its place on the map is the mean of its three nearest models. Nothing was stored."),
    line(found.note, 300),
  ];
  return h("p", { class: "hint" }, h("bdi", {}, parts.filter((p) => p !== "").join(" ")));
}
