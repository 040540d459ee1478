/** The frame of the page: head, search, and which page is shown. */

import { line } from "../text/safe";
import { language, setLanguage, tr } from "../text/words";
import type { Theme } from "../colour/palette";
import type { App } from "./app";
import { cladePage } from "./cladepage";
import { comparePage } from "./comparepage";
import { button, h, replace, s } from "./dom";
import { placer } from "./placing";
import { referencesDialog } from "./references";
import { shareButton } from "./sharing";
import { declaredPage } from "./declaredpage";
import { helpDialog, listenKeys } from "./help";
import { modelPage } from "./modelpage";
import { Overview } from "./overview";
import { pairPage } from "./pairpage";
import { viewsMenu } from "./viewsmenu";
import { onSystemChange, remember } from "./theme";

export class Shell {
  readonly element: HTMLElement;
  private readonly overview: Overview;
  private readonly page = h("main", { class: "page", hidden: true });
  private readonly main: HTMLElement;
  private shown = 0;
  private scroll = 0;

  constructor(private readonly app: App, private readonly address: () => string) {
    this.overview = new Overview(app);
    const help = helpDialog(app);
    const search = this.search();
    const themeButton = button({ class: "tool icon", "aria-label": tr("Dark or light"), title: tr("Dark or light (D)") }, themeIcon(), () => this.turnTheme());
    const declared = app.atlas.declared === null ? null
      : button({ class: "tool nav", "data-page": "declared", "aria-label": tr("Declared against measured"), title: tr("Declared against measured") }, [h("span", { class: "whole" }, tr("Declared against measured")), h("span", { class: "short" }, tr("Declared"))], () => app.go({ page: "declared" }));
    const { assay } = app.atlas;
    const references = referencesDialog(app);
    const title = [
      h("strong", {}, h("bdi", {}, line(app.atlas.title, 80))),
      h("span", { class: "hint" }, `${line(assay.name, 40)} · ${tr("{n} prompt|{n} prompts", { n: assay.probes })}`),
    ];
    const remarks = app.atlas.remarks?.length ?? 0;
    const head = h("header", { class: "top" },
      h("a", { class: "skip", href: "#", "data-skip": true }, tr("Skip to the table")),
      button({ class: "brand", title: tr("Overview") }, [logo(), h("span", {}, "cladist"), h("span", { class: "light" }, "atlas")], () => app.go({ page: "overview" })),
      references === null ? h("div", { class: "title", title: line(app.atlas.title, 300) }, ...title)
        : button({ class: "title chooser", title: tr("Choose what is shown: {title}", { title: line(app.atlas.title, 200) }), "aria-haspopup": "dialog" }, title, () => references.showModal()),
      h("span", { class: "spacer" }),
      remarks === 0 ? null : button({ class: "quiet remarks", title: tr("What these data do not hold") }, tr("{n} remark|{n} remarks", { n: remarks }), () => help.showModal()),
      declared,
      search,
      placer(app, this.overview.card, references),
      viewsMenu(app, this.address),
      shareButton(app),
      button({ class: "tool", lang: language() === "zh" ? "en" : "zh-Hans", title: language() === "zh" ? "English" : "简体中文" }, language() === "zh" ? "EN" : "中文", () => setLanguage(language() === "zh" ? "en" : "zh")),
      themeButton,
      button({ class: "tool icon", "aria-label": tr("Help and keys"), title: tr("Ideas, keys and help (?)") }, "?", () => help.showModal()));
    head.querySelector("[data-skip]")?.addEventListener("click", (event) => {
      event.preventDefault();
      app.go({ page: "overview" });
      this.overview.table.focus();
    });
    this.main = h("main", { class: "home" }, h("h1", { class: "sr" }, line(app.atlas.title, 200)), this.overview.element);
    this.element = h("div", { class: "shell" }, head, this.main, this.page, help, references ?? "");
    listenKeys(app, this.overview, {
      help: () => help.showModal(),
      theme: () => this.turnTheme(),
      search: search.querySelector("input") as HTMLInputElement,
    });
    onSystemChange((theme) => this.setTheme(theme));
    app.store.subscribe((_, changed) => {
      if (changed.has("route")) this.show();
    });
    addEventListener("beforeprint", () => {
      this.overview.map.plot.now();
      this.overview.tree.plot.now();
    });
  }

  private search(): HTMLElement {
    const { store } = this.app;
    const input = h("input", { type: "search", placeholder: tr("Search models"), "aria-label": tr("Search models"), autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/", maxlength: 500 });
    input.value = store.state.query;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = () => {
      clearTimeout(timer);
      if (input.value === store.state.query) return;
      store.set({ query: input.value });
      if (store.state.route.page !== "overview") store.set({ route: { page: "overview" } });
      this.app.say(tr("{n} model found|{n} models found", { n: this.app.rows().length }));
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(take, 120);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "ArrowDown") return;
      event.preventDefault();
      take();
      const first = this.app.rows()[0];
      if (first !== undefined) store.set({ active: first });
      this.overview.table.focus();
      this.overview.table.reveal();
    });
    store.subscribe((state) => {
      if (state.query !== input.value && document.activeElement !== input) input.value = state.query;
    });
    return h("label", { class: "search" }, searchIcon(), input, h("kbd", { "aria-hidden": "true" }, "/"));
  }

  private turnTheme(): void {
    const theme = this.app.theme === "dark" ? "light" : "dark";
    remember(theme);
    this.setTheme(theme);
    this.app.say(theme === "dark" ? tr("Dark colours") : tr("Light colours"));
  }

  private setTheme(theme: Theme): void {
    document.documentElement.dataset["theme"] = theme;
    this.app.setTheme(theme);
  }

  /** Shows the page of the current route. */
  show(): void {
    const { route } = this.app.state;
    const ticket = ++this.shown;
    const current = () => ticket === this.shown;
    const home = route.page === "overview";
    if (!home && !this.main.hidden) this.scroll = scrollY;
    this.main.hidden = !home;
    this.page.hidden = home;
    this.element.dataset["page"] = route.page;
    if (home) {
      replace(this.page);
      scrollTo(0, this.scroll);
      this.app.say(tr("Overview"));
      return;
    }
    scrollTo(0, 0);
    if (route.page === "declared") declaredPage(this.app, this.page);
    else if (route.page === "clade") cladePage(this.app, this.page, route.node);
    else if (route.page === "compare") void comparePage(this.app, this.page, route.models, current);
    else if (route.page === "model") void modelPage(this.app, this.page, route.index, route.other, current);
    else void pairPage(this.app, this.page, route.a, route.b, current);
    this.app.say(route.page === "declared" ? tr("Declared against measured") : route.page === "model" ? this.app.label(route.index) : route.page === "clade" ? tr("A clade") : tr("Models compared"));
  }
}

function logo(): SVGElement {
  return s("svg", { viewBox: "0 0 24 24", width: 20, height: 20, class: "logo", "aria-hidden": "true" },
    s("path", { d: "M3 12h5M8 5.5v13M8 5.5h6M8 18.5h4M14 2.5v6M14 2.5h6M14 8.5h6M12 14.5v7M12 14.5h8M12 21.5h8", fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round" }));
}

function searchIcon(): SVGElement {
  return s("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
    s("path", { d: "M7 2.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6zM10.6 10.6 14 14", fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round" }));
}

function themeIcon(): SVGElement {
  return s("svg", { viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" },
    s("circle", { cx: 8, cy: 8, r: 6, fill: "none", stroke: "currentColor", "stroke-width": 1.5 }),
    s("path", { d: "M8 2a6 6 0 0 1 0 12z", fill: "currentColor" }));
}
