/** Has the server ask a model behind an endpoint; only its own page may, by a token. */

import type { PlacedDocument } from "./types";

export interface AskedDocument {
  readonly number: number;
  readonly name: string;
  readonly state: "asking" | "placing" | "done" | "failed" | "stopped";
  readonly done: number;
  readonly of: number;
  readonly said: string;
  readonly assumed: readonly string[];
  readonly placed: PlacedDocument | null;
}

export interface Wish {
  readonly model: string;
  readonly base_url: string;
  readonly interface: string;
  readonly key_env: string;
  readonly name: string;
}

const KEY = "cladist-atlas-token";

/** Takes the token out of the address, where a copied link would carry it on. */
export function takeToken(): void {
  const found = /^#ask=([\w-]{8,200})$/.exec(location.hash)?.[1];
  if (found === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    sessionStorage.setItem(KEY, found);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

/** The token of this window, '' where the server told none. */
export function token(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch (error) {
    if (error instanceof DOMException) return "";
    throw error;
  }
}

async function send(method: string, path: string, body?: unknown): Promise<AskedDocument> {
  const response = await fetch(`api/v1/asked${path}`, {
    method, credentials: "omit", body: body === undefined ? null : JSON.stringify(body),
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-Cladist-Token": token() },
  });
  const data = (await response.json()) as AskedDocument & { error?: { message?: unknown } };
  if (!response.ok) throw new Error(String(data.error?.message ?? response.status));
  return data;
}

export const begin = (wish: Wish): Promise<AskedDocument> => send("POST", "", wish);
export const look = (number: number): Promise<AskedDocument> => send("GET", `/${number}`);
export const stop = (number: number): Promise<AskedDocument> => send("DELETE", `/${number}`);
