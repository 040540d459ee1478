/** Mouse, touch, pen and keys on a drawing, as what they mean. */

import type { Combine } from "../state/selection";

export interface Meanings {
  pan(dx: number, dy: number): void;
  zoom(x: number, y: number, factor: number, event: { shiftKey: boolean; pinch: boolean }): void;
  hover(x: number, y: number): void;
  leave(): void;
  pick(x: number, y: number, how: Combine): void;
  open(x: number, y: number): void;
  lasso(polygon: readonly [number, number][], how: Combine | null): void;
  /** True when the key meant something. */
  key(event: KeyboardEvent): boolean;
  lassoing(): boolean;
}

const STILL = 4;

export function listen(element: HTMLElement, meanings: Meanings): void {
  const pointers = new Map<number, [number, number]>();
  let start: [number, number] | null = null;
  let moved = false;
  let polygon: [number, number][] | null = null;
  let lastTap = 0;

  const place = (event: PointerEvent | WheelEvent): [number, number] => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const combine = (event: PointerEvent): Combine =>
    event.ctrlKey || event.metaKey ? "toggle" : event.altKey ? "remove" : event.shiftKey ? "add" : "replace";

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 1) {
      start = at;
      moved = false;
      polygon = event.shiftKey || meanings.lassoing() ? [at] : null;
    } else polygon = null;
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "touch") meanings.hover(...at);
      return;
    }
    if (pointers.size === 2) {
      pinch(event.pointerId, before, at);
      moved = true;
    } else if (start !== null && (moved || distance(start, at) > STILL)) {
      if (!moved) meanings.leave();
      moved = true;
      if (polygon !== null) {
        polygon.push(at);
        meanings.lasso(polygon, null);
      } else meanings.pan(at[0] - before[0], at[1] - before[1]);
    }
    pointers.set(event.pointerId, at);
  });

  const pinch = (id: number, before: [number, number], at: [number, number]) => {
    const other = [...pointers].find(([key]) => key !== id)?.[1];
    if (other === undefined) return;
    const factor = distance(other, at) / Math.max(1, distance(other, before));
    meanings.zoom((other[0] + at[0]) / 2, (other[1] + at[1]) / 2, factor, {
      shiftKey: false,
      pinch: true,
    });
    meanings.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  };

  const end = (event: PointerEvent) => {
    if (!pointers.delete(event.pointerId) || pointers.size > 0) return;
    if (polygon !== null && moved) {
      const how = combine(event);
      // Shift begins a lasso when none is switched on; only then it does not mean to add.
      meanings.lasso(polygon, how === "add" && !meanings.lassoing() ? "replace" : how);
    } else if (!moved && event.type === "pointerup") {
      const double = event.timeStamp - lastTap < 350;
      lastTap = event.timeStamp;
      if (double) meanings.open(...place(event));
      else meanings.pick(...place(event), combine(event));
    }
    polygon = null;
    start = null;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("pointerleave", () => {
    if (pointers.size === 0) meanings.leave();
  });
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      // With Shift some systems scroll sideways.
      const delta = (event.deltaY || event.deltaX) * unit;
      const factor = Math.exp(-Math.max(-240, Math.min(240, delta)) * (event.ctrlKey ? 0.01 : 0.0022));
      meanings.zoom(...place(event), factor, { shiftKey: event.shiftKey, pinch: event.ctrlKey });
    },
    { passive: false },
  );
  element.addEventListener("keydown", (event) => {
    if (meanings.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
}

function distance(a: readonly [number, number], b: readonly [number, number]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
