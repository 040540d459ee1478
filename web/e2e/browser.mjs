// The system's Chromium, without a sandbox where the tests run as root, drawing in software.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const KNOWN = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function browser() {
  const executablePath = process.env.CHROMIUM ?? KNOWN.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium on this machine");
  const root = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    args: [...(root ? ["--no-sandbox"] : []), "--enable-unsafe-swiftshader", ...(process.env.CHROMIUM_FLAGS?.split(" ") ?? [])],
  });
}
