/** What only the page of whoever started the server may have done, by a token. */

const KEY = "cladist-atlas-token";
const ASKS = "cladist-atlas-asks";

/** Takes the token out of the address, where a copied link would carry it on. */
export function takeToken(): void {
  const found = /^#(ask|token)=([\w-]{8,200})$/.exec(location.hash);
  if (found === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    sessionStorage.setItem(KEY, found[2] ?? "");
    sessionStorage.setItem(ASKS, found[1] === "ask" ? "yes" : "");
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

function remembered(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch (error) {
    if (error instanceof DOMException) return "";
    throw error;
  }
}

/** The token of this window, '' where the server told none. */
export const token = (): string => remembered(KEY);

/** Whether the server asks endpoints for this window. */
export const asks = (): boolean => token() !== "" && remembered(ASKS) !== "";

/** What the server answers to whoever has the token; an error has its words. */
export async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`api/v1/${path}`, {
    method, credentials: "omit", body: body === undefined ? null : JSON.stringify(body),
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-Cladist-Token": token() },
  });
  const data = (await response.json()) as T & { error?: { message?: unknown } };
  if (!response.ok) throw new Error(String(data.error?.message ?? response.status));
  return data;
}
