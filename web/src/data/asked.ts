/** Has the server ask a model behind an endpoint; only its own page may, by a token. */

import { send } from "./token";
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

export const begin = (wish: Wish): Promise<AskedDocument> => send("POST", "asked", wish);
export const look = (number: number): Promise<AskedDocument> => send("GET", `asked/${number}`);
export const stop = (number: number): Promise<AskedDocument> => send("DELETE", `asked/${number}`);
