/** A form for a model behind an endpoint, and its card while the server asks it. */

import { begin, look, stop } from "../data/asked";
import type { AskedDocument, Wish } from "../data/asked";
import { asks } from "../data/token";
import { remark } from "../text/remarks";
import { line, safe } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import type { Card } from "./card";
import { button, h } from "./dom";
import { failed } from "./parts";
import { showPlaced } from "./placing";

const EVERY = 600;

/** The form, or a line that says how to have it. */
export function askForm(app: App, card: Card, close: () => void): HTMLElement {
  const title = h("h3", {}, tr("Ask an endpoint"));
  if (!asks())
    return h("section", {}, title, h("p", { class: "hint" }, tr("This server asks nobody. Start it with 'cladist map serve --ask' and open the whole address that it tells.")));
  const field = (key: keyof Wish, label: string, hint: string, wanted = false) => {
    const input = h("input", { name: key, autocomplete: "off", spellcheck: "false", maxlength: 300, required: wanted, placeholder: hint });
    return h("label", {}, h("span", {}, label), input);
  };
  const through = h("select", { name: "interface" },
    h("option", { value: "auto" }, tr("as the models here were asked")),
    h("option", { value: "chat" }, tr("chat")), h("option", { value: "completions" }, tr("completions")));
  const note = h("p", { class: "failed", role: "alert", hidden: true });
  const form = h("form", { class: "ask-form" },
    field("model", tr("Model"), "smollm2", true),
    field("base_url", tr("Address"), "http://127.0.0.1:8080/v1", true),
    h("label", {}, h("span", {}, tr("Interface")), through),
    field("key_env", tr("Variable with the key"), "OPENAI_API_KEY"),
    field("name", tr("Name on this page"), tr("as the model")),
    h("p", { class: "hint" }, tr("The server sends {n} prompts to this address. The key is read from its own environment by that name; never type a key here. Nothing is stored.", { n: app.atlas.assay.probes })),
    note, h("button", { class: "tool primary", type: "submit" }, tr("Ask it")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const text = (key: string) => String(data.get(key) ?? "").trim();
    const wish: Wish = { model: text("model"), base_url: text("base_url"), interface: text("interface"), key_env: text("key_env"), name: text("name") };
    note.hidden = true;
    void begin(wish).then(
      (asked) => {
        close();
        app.go({ page: "overview" });
        void follow(app, card, asked);
      },
      (error: unknown) => {
        note.textContent = line(error instanceof Error ? error.message : String(error), 500);
        note.hidden = false;
      });
  });
  return h("section", {}, title, form);
}

const wait = () => new Promise((resolve) => setTimeout(resolve, EVERY));

/** Shows how far it is until it is over, unless somebody looks at something else. */
async function follow(app: App, card: Card, first: AskedDocument): Promise<void> {
  const bar = h("progress", { max: first.of, value: 0, "aria-label": tr("Answers so far") });
  const words = h("p", { role: "status" });
  const halt = button({ class: "tool" }, tr("Stop"), () => void stop(first.number).catch(() => undefined));
  const blank = { index: null, relatives: [], below: [], name: first.name };
  card.newcomer(blank, [h("div", { class: "waiting asking" }, words, bar, halt)]);
  try {
    let asked = first;
    for (; asked.state === "asking" || asked.state === "placing"; asked = await look(first.number)) {
      bar.value = asked.done;
      const text = asked.state === "placing" ? tr("The server places it among the models here.") : tr("{a} of {b} answers", { a: asked.done, b: asked.of });
      words.textContent = asked.said === "" ? text : `${text} · ${line(asked.said, 200)}`;
      await wait();
    }
    // Who closed the card, or opened another, wants to see that.
    if (!bar.isConnected) {
      app.say(tr("{name} is placed", { name: line(asked.name, 80) }));
      if (app.kin !== null) return;
    }
    if (asked.placed !== null)
      showPlaced(app, card, asked.placed, [tr("Nothing was stored."), ...asked.assumed.map((a) => safe(remark(a), 200))]);
    else card.newcomer(blank, [asked.state === "stopped" ? h("p", { class: "hint" }, tr("It was stopped; its answers are forgotten.")) : failed(new Error(asked.said))]);
  } catch (error) {
    card.newcomer(blank, [failed(error)]);
  }
}
