/** Which models are looked at: those the server was started with, or an installed reference. */

import { begin, listed, look, safeAddress, stop } from "../data/references";
import type { OpeningDocument, ReferenceEntry, ReferencesDocument } from "../data/references";
import { token } from "../data/token";
import { remark } from "../text/remarks";
import { line, safe } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { add, button, h, replace } from "./dom";
import { failed, waiting } from "./parts";

const EVERY = 500;
const COMMAND = "cladist reference add NAME";

/** The dialog that lists and opens them; a folder has none. */
export function referencesDialog(app: App): HTMLDialogElement | null {
  if (document.documentElement.dataset["source"] === "static") return null;
  const dialog = h("dialog", { class: "help references", "aria-label": tr("What is shown") });
  const body = h("div", { class: "reference-body" });
  add(dialog, [
    h("div", { class: "dialog-head" }, h("h2", {}, tr("What is shown")), button({ class: "tool close", "aria-label": tr("Close") }, "×", () => dialog.close())),
    body,
  ]);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  // Asked anew whenever it is opened, as references come and go.
  new MutationObserver(() => {
    if (dialog.open) void show(app, dialog, body);
  }).observe(dialog, { attributeFilter: ["open"] });
  return dialog;
}

async function show(app: App, dialog: HTMLDialogElement, body: HTMLElement): Promise<void> {
  const here = h("p", {}, tr("Now: {title}.", { title: line(app.atlas.title, 200) }));
  if (token() === "") {
    replace(body, here, h("p", { class: "hint" }, tr("To open installed references here, open the whole address that the server told where it was started: it ends in a token, for you alone.")));
    return;
  }
  replace(body, here, waiting());
  let found: ReferencesDocument;
  try {
    found = await listed();
  } catch (error) {
    replace(body, here, failed(error));
    return;
  }
  const progress = h("div", { class: "making" });
  const open = (entry: ReferenceEntry) => {
    if (safeAddress(entry.address) !== "") location.assign(safeAddress(entry.address));
    else
      void begin(entry.name).then(
        (opening) => follow(app, dialog, progress, opening),
        (error: unknown) => replace(progress, failed(error)));
  };
  const started = location.pathname.startsWith("/opened/")
    ? h("p", {}, button({ class: "tool" }, tr("Back to what the server was started with"), () => location.assign("/"))) : null;
  replace(body, here, started,
    h("h3", {}, tr("Installed references")),
    found.references.length === 0
      ? h("p", { class: "hint" }, tr("None is installed."), " ", h("code", {}, COMMAND), " ", tr("installs one."))
      : h("ul", { class: "references-list" }, ...found.references.map((entry) => row(entry, open))),
    found.broken.length === 0 ? null : h("h3", {}, tr("Cannot be used")),
    ...found.broken.map((b) => h("p", { class: "hint" }, h("strong", {}, h("bdi", {}, line(b.name, 80))), " ", h("bdi", {}, safe(b.said, 500)))),
    progress);
  if (found.making !== null) void follow(app, dialog, progress, found.making);
}

function row(entry: ReferenceEntry, open: (entry: ReferenceEntry) => void): HTMLElement {
  const here = entry.address !== "" && entry.address === location.pathname;
  const facts = [tr("{n} model|{n} models", { n: entry.models }), tr("{n} prompt|{n} prompts", { n: entry.prompts }),
    tr("{n} of known family", { n: entry.labelled }), line(entry.licence, 60)];
  return h("li", {},
    h("div", {}, h("strong", {}, h("bdi", {}, line(entry.name, 80))), " ",
      entry.title === entry.name ? null : h("bdi", {}, line(entry.title, 120)),
      h("p", { class: "hint" }, facts.join(" · "))),
    here ? h("span", { class: "hint" }, tr("shown now"))
      : button({ class: "tool", "data-reference": entry.name, title: tr("Open the atlas of {name}", { name: line(entry.name, 80) }) }, tr("Open"), () => open(entry)));
}

const wait = () => new Promise((resolve) => setTimeout(resolve, EVERY));

/** Shows how far the making is, and goes to the atlas when it is open. */
async function follow(app: App, dialog: HTMLDialogElement, host: HTMLElement, first: OpeningDocument): Promise<void> {
  const bar = h("progress", { "aria-label": tr("How far the atlas is") });
  const words = h("p", { role: "status" });
  const clock = h("span", { class: "hint" });
  const halt = button({ class: "tool" }, tr("Stop"), () => {
    words.textContent = tr("It stops at its next step.");
    void stop(first.number).catch(() => undefined);
  });
  replace(host, h("div", { class: "waiting asking" }, words, bar, h("div", { class: "making-row" }, clock, halt)));
  host.scrollIntoView({ block: "nearest" });
  const since = Date.now();
  try {
    let opening = first;
    for (; opening.state === "making"; opening = await look(first.number)) {
      const name = line(opening.name, 80);
      // Without a value the bar moves by itself.
      if (opening.of > 1) {
        bar.max = opening.of;
        bar.value = opening.done;
      } else bar.removeAttribute("value");
      words.textContent = opening.stage === "" ? tr("The atlas of {name} is made.", { name })
        : tr("The atlas of {name} is made: {stage}, {a} of {b}", { name, stage: remark(line(opening.stage, 60)), a: opening.done, b: opening.of });
      clock.textContent = tr("{n} second|{n} seconds", { n: Math.round((Date.now() - since) / 1000) });
      await wait();
    }
    const address = safeAddress(opening.address);
    if (opening.state === "open" && address !== "") {
      app.say(tr("The atlas of {name} is open", { name: line(opening.name, 80) }));
      // Who closed the dialog looks at something else, and finds it in the list.
      if (dialog.open && bar.isConnected) location.assign(address);
    } else if (opening.state === "stopped") replace(host, h("p", { class: "hint" }, tr("It was stopped. What is finished is kept for the next time.")));
    else replace(host, failed(new Error(opening.said)));
  } catch (error) {
    replace(host, failed(error));
  }
}
