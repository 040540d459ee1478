/** The small card beside the pointer. */

import { shown } from "../data/columns";
import { line } from "../text/safe";
import type { App } from "./app";
import { h, replace } from "./dom";
import { name } from "./marks";

const MOST = 7;

export class Tip {
  private readonly card = h("div", { class: "tip", role: "tooltip", hidden: true });

  constructor(
    private readonly app: App,
    private readonly parent: HTMLElement,
  ) {
    parent.append(this.card);
  }

  show(index: number | null, x: number, y: number, extra: readonly string[] = []): void {
    if (index === null && extra.length === 0) {
      this.hide();
      return;
    }
    const facts =
      index === null
        ? []
        : this.app.columns
            .map((c) => [line(c.label, 30), shown(c, index)] as const)
            .filter(([, value]) => value !== "")
            .slice(0, MOST);
    replace(
      this.card,
      index === null ? null : h("strong", {}, name(this.app.label(index))),
      ...extra.map((text) => h("p", {}, text)),
      facts.length === 0
        ? null
        : h("dl", {}, ...facts.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, h("bdi", {}, v))])),
    );
    this.card.hidden = false;
    const [width, height] = [this.card.offsetWidth, this.card.offsetHeight];
    const left = x + 16 + width > this.parent.clientWidth ? x - width - 12 : x + 16;
    const top = Math.min(Math.max(4, y - 12), Math.max(4, this.parent.clientHeight - height - 4));
    this.card.style.setProperty("left", `${Math.max(4, left)}px`);
    this.card.style.setProperty("top", `${top}px`);
  }

  hide(): void {
    this.card.hidden = true;
  }
}
