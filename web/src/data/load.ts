/** Documents by name: from the server, or from scripts beside a page opened as a file. */

export type Load = <T>(name: string) => Promise<T>;
type Deliver = (name: string, value: unknown) => void;

declare global {
  // What the classic scripts of a static bundle call.
  var cladistDocument: Deliver | undefined;
}

/** How many documents other than the atlas are kept; answers can be large. */
const KEPT = 64;

/** The loader for this page; `source` is the attribute `data-source` of the root element. */
export function loader(source: string | undefined): Load {
  return remembering(source === "static" ? fromScript() : fromServer);
}

/** Asks once for each document, forgetting failures and the longest unused. */
export function remembering(load: Load, kept = KEPT): Load {
  const cache = new Map<string, Promise<unknown>>();
  return <T>(name: string): Promise<T> => {
    const found = cache.get(name);
    if (found !== undefined) {
      cache.delete(name);
      cache.set(name, found);
      return found as Promise<T>;
    }
    const promise = load<T>(name);
    cache.set(name, promise);
    promise.catch(() => cache.delete(name));
    for (const oldest of cache.keys()) {
      if (cache.size <= kept) break;
      cache.delete(oldest);
    }
    return promise;
  };
}

async function fromServer<T>(name: string): Promise<T> {
  const response = await fetch(`api/v1/documents/${name}.json`, {
    headers: { Accept: "application/json" },
    credentials: "omit",
  });
  if (!response.ok) throw new Error(await reason(response, name));
  return (await response.json()) as T;
}

async function reason(response: Response, name: string): Promise<string> {
  let said = "";
  try {
    const body = (await response.json()) as { error?: { message?: unknown } };
    said = String(body.error?.message ?? "");
  } catch {
    // No JSON in an error is an answer too: the status says what there is to say.
  }
  return `The server answered ${response.status} for '${name}'${said ? `: ${said}` : ""}.`;
}

function fromScript(): Load {
  const waiting = new Map<string, (value: unknown) => void>();
  globalThis.cladistDocument = (name, value) => {
    // A bundle may hand over JSON text, which parses faster than a literal of the same size.
    waiting.get(name)?.(typeof value === "string" ? JSON.parse(value) : value);
  };
  return <T>(name: string): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const script = document.createElement("script");
      const done = () => {
        waiting.delete(name);
        script.remove();
      };
      waiting.set(name, (value) => resolve(value as T));
      script.addEventListener("error", () => {
        done();
        reject(new Error(`'data/${name}.js' is not in this folder.`));
      });
      script.addEventListener("load", () => {
        const unheard = waiting.has(name);
        done();
        if (unheard) reject(new Error(`'data/${name}.js' does not hold the document '${name}'.`));
      });
      script.src = `data/${name}.js`;
      document.head.append(script);
    });
}

/** Asks the server's API, which a folder does not have. */
export async function ask<T>(path: string): Promise<T> {
  const response = await fetch(`api/v1/${path}`, { headers: { Accept: "application/json" }, credentials: "omit" });
  if (!response.ok) throw new Error(await reason(response, path));
  return (await response.json()) as T;
}

/** Has the server place a model by its answers; nothing is stored there. */
export async function place<T>(body: unknown): Promise<T> {
  const response = await fetch("api/v1/place", {
    method: "POST", credentials: "omit", body: JSON.stringify(body),
    headers: { Accept: "application/json", "Content-Type": "application/json" },
  });
  if (!response.ok) throw new Error(await reason(response, "place"));
  return (await response.json()) as T;
}
