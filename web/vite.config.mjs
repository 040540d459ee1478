// One classic script and one style sheet, named without hashes: the same page is opened from a
// server and from a folder, where neither module scripts nor fetch exist.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  publicDir: here("public"),
  build: {
    target: "es2022",
    outDir: here("../src/cladist/atlas/page"),
    emptyOutDir: true,
    sourcemap: false,
    reportCompressedSize: false,
    cssCodeSplit: false,
    lib: {
      entry: here("src/main.ts"),
      name: "cladistAtlas",
      formats: ["iife"],
      fileName: () => "app.js",
      cssFileName: "app",
    },
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
