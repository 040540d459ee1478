/** Installed references, and the atlases of them that the server makes. */

import { send } from "./token";

export interface ReferenceEntry {
  readonly name: string;
  readonly title: string;
  readonly models: number;
  readonly prompts: number;
  readonly labelled: number;
  readonly licence: string;
  /** Where its atlas is open, '' where it is not. */
  readonly address: string;
}

export interface OpeningDocument {
  readonly number: number;
  readonly name: string;
  readonly state: "making" | "open" | "failed" | "stopped";
  readonly stage: string;
  readonly done: number;
  readonly of: number;
  readonly said: string;
  readonly address: string;
}

export interface ReferencesDocument {
  readonly references: readonly ReferenceEntry[];
  readonly broken: readonly { readonly name: string; readonly said: string }[];
  readonly making: OpeningDocument | null;
}

export const listed = (): Promise<ReferencesDocument> => send("GET", "references");
export const begin = (name: string): Promise<OpeningDocument> => send("POST", "references", { name });
export const look = (number: number): Promise<OpeningDocument> => send("GET", `references/${number}`);
export const stop = (number: number): Promise<OpeningDocument> => send("DELETE", `references/${number}`);

/** The address of an opened atlas, '' for anything else: no page is gone to but the server's own. */
export const safeAddress = (address: string): string => (/^\/opened\/[\w-]{8,80}\/$/.test(address) ? address : "");
