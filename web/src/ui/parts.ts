/** Pieces that several pages use. */

import { safe } from "../text/safe";
import { tr } from "../text/words";
import { written } from "../state/url";
import type { App } from "./app";
import { h } from "./dom";
import { name } from "./marks";

/** A link to the page of a model; it can be opened in another tab as well. */
export function modelLink(app: App, index: number): HTMLAnchorElement {
  const route = { page: "model", index, other: null } as const;
  const link = h("a", { class: "model-link", href: written({ ...app.state, route }, app.state, app.count) }, name(app.label(index)));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    app.go(route);
  });
  return link;
}

/** Something moves while data are on their way; `why` says what takes so long. */
export function waiting(why = ""): HTMLElement {
  return h("div", { class: "waiting", role: "status" }, h("p", {}, why === "" ? tr("Reading…") : why),
    h("div", { class: "skeleton", "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {})));
}

export function failed(error: unknown): HTMLElement {
  const said = error instanceof Error ? error.message : String(error);
  return h("p", { class: "failed", role: "alert" }, safe(said, 500));
}
