/** Hostile text made harmless to read: nothing in it can reorder, hide or flood what is shown. */

const NAMES: Readonly<Record<number, string>> = {
  0x061c: "ALM", 0x200e: "LRM", 0x200f: "RLM", 0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF",
  0x202d: "LRO", 0x202e: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
  0x200b: "ZWSP", 0x2060: "WJ", 0xfeff: "BOM", 0x2028: "LS", 0x2029: "PS", 0x00ad: "SHY",
};

// C0 and C1 controls (less tab and line feed), direction controls, invisible spaces, tags,
// unpaired surrogates. Joiners (U+200C, U+200D) stay: scripts and emoji need them.
const ODD =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;
const LINES = /[\t\n]/g;

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x0d) return "";
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  return `⟨${NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`}⟩`;
}

/** Text of several lines with controls made visible, cut after `most` UTF-16 units. */
export function safe(text: string, most = 20_000): string {
  const cut = text.length > most ? text.slice(0, most) : text;
  const shown = cut.replace(ODD, visible);
  return cut.length < text.length ? `${shown}… (${grouped(text.length)} characters)` : shown;
}

/** The same on one line, for names and cells. */
export function line(text: string, most = 200): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replace(ODD, visible).replace(LINES, " ");
}

/** How many UTF-16 units two texts share at their beginning, never half a character. */
export function sharedBeginning(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  const last = at > 0 ? a.charCodeAt(at - 1) : 0;
  return last >= 0xd800 && last <= 0xdbff ? at - 1 : at;
}

/** 12345 as '12 345', with narrow spaces that do not break. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

const UNITS: readonly (readonly [number, string])[] = [[1e6, "M"], [1e9, "B"], [1e12, "T"]];

/** A number at a readable precision; millions, billions and trillions by their letter. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const unit = UNITS.find(([least]) => size >= least && size < 1000 * least);
  if (unit !== undefined) return `${Number((value / unit[0]).toPrecision(3))}\u202f${unit[1]}`;
  if (Number.isInteger(value) && size < 1e6) return size >= 10_000 ? grouped(value) : String(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1);
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

/** A probability in two digits, as the command line has it; never shown as exactly none. */
export function chance(p: number | null): string {
  if (p === null || Number.isNaN(p)) return "–";
  if (p < 1e-5) return "< 0.00001";
  return String(Number(p.toPrecision(2)));
}

/** A distance in four decimals, as the command line has it. */
export function far(distance: number): string {
  return Number.isFinite(distance) ? distance.toFixed(4) : "–";
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
