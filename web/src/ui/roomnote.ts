/** How many names of what is in view found no room, told upon the picture, so that nothing moves. */

import { tr } from "../text/words";
import { h } from "./dom";

/** Milliseconds of standing still: words that change with every frame cost more than the tree does. */
const STILL = 150;

export class RoomNote {
  readonly element = h("p", { class: "no-room", hidden: true });
  private told = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  tell(hidden: number): void {
    if (hidden === this.told) return;
    this.told = hidden;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.element.hidden = hidden === 0;
      this.element.textContent = tr("{n} name has no room; zoom in to read it|{n} names have no room; zoom in to read them", { n: hidden });
    }, STILL);
  }
}
