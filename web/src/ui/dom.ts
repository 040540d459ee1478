/** Elements from code. Text always becomes text nodes; nothing here parses HTML. */

export type Child = Node | string | number | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const SVG = "http://www.w3.org/2000/svg";

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") || name === "style" || name === "srcdoc")
      throw new Error(`The attribute '${name}' has no place here.`);
    element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
}

export function add(element: Node, children: readonly Child[]): void {
  for (const child of children)
    if (child !== null && child !== undefined && child !== false)
      element.appendChild(
        typeof child === "object" ? child : document.createTextNode(String(child)),
      );
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return element;
}

export function button(
  attributes: Attributes,
  content: Child | readonly Child[],
  action: (event: MouseEvent) => void,
): HTMLButtonElement {
  const children = Array.isArray(content) ? (content as readonly Child[]) : [content as Child];
  const element = h("button", { type: "button", ...attributes }, ...children);
  element.addEventListener("click", action);
  return element;
}

/** A choice among few: `select` with a label. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  action: (value: string) => void,
): HTMLSelectElement {
  const element = h(
    "select",
    { "aria-label": label },
    ...options.map(([v, text]) => h("option", { value: v }, text)),
  );
  element.value = value;
  element.addEventListener("change", () => action(element.value));
  return element;
}

export function replace(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  add(element, children);
}

/** Hands a text to the browser as a file. */
export function download(name: string, kind: string, text: string): void {
  downloadBlob(name, new Blob([text], { type: kind }));
}

export function downloadBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
