/** The menu of saved views: one is saved under a name, opened, or deleted. */

import { place, readViews, withView, withoutView } from "../state/views";
import type { SavedView } from "../state/views";
import { line } from "../text/safe";
import { tr } from "../text/words";
import type { App } from "./app";
import { button, h, replace } from "./dom";

export function viewsMenu(app: App, address: () => string): HTMLElement {
  const { atlas } = app;
  const key = place(atlas.assay.digest, atlas.title, app.count);
  const list = h("ul", { class: "views" });
  const input = h("input", { "aria-label": tr("Name of the view"), placeholder: tr("Name of the view"), maxlength: 80, autocomplete: "off" });
  const menu = h("details", { class: "menu drop" },
    h("summary", { class: "tool", title: tr("Views that you saved in this browser") }, tr("Views")));
  const keep = (views: readonly SavedView[], said: string) => {
    try {
      localStorage.setItem(key, JSON.stringify(views));
      app.say(said);
    } catch (error) {
      // Full, or refused to a page opened as a file: what is seen can still be copied as a link.
      if (!(error instanceof DOMException)) throw error;
      app.say(tr("The browser keeps nothing for this page; copy the link instead"));
    }
    show();
  };
  const known = (): SavedView[] => {
    try {
      return readViews(localStorage.getItem(key));
    } catch (error) {
      if (error instanceof DOMException) return [];
      throw error;
    }
  };
  const show = () => {
    const views = known();
    replace(list, ...(views.length === 0 ? [h("li", { class: "hint" }, tr("None yet."))] : views.map((view) => {
      const link = h("a", { href: view.hash }, h("bdi", {}, line(view.name, 80)));
      link.addEventListener("click", () => {
        menu.open = false;
        app.say(tr("View: {name}", { name: line(view.name, 80) }));
      });
      return h("li", {}, link, button({ class: "quiet", "aria-label": tr("Delete {name}", { name: view.name }), title: tr("Delete") }, "×", () =>
        keep(withoutView(known(), view.name), tr("{name} is deleted", { name: line(view.name, 80) }))));
    })));
  };
  const form = h("form", { class: "save-view" }, input, h("button", { class: "tool", type: "submit" }, tr("Save")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() === "") return;
    keep(withView(known(), input.value, address()), tr("{name} is saved", { name: line(input.value, 80) }));
    input.value = "";
  });
  menu.append(h("div", { class: "menu-body" }, form, list, h("p", { class: "hint" }, tr("Saved in this browser alone. Copy a view's link to hand it on."))));
  menu.addEventListener("toggle", () => {
    if (menu.open) show();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (menu.open && !menu.contains(event.target as Node)) menu.open = false;
  });
  return menu;
}
