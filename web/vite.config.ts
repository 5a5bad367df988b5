/** How the app is built: into the Python package, with compressed forms beside what is worth it. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const DIST = here("../src/stockyard/web/dist");
const WORTH_BYTES = 1024;

/** Writes name.br and name.gz where they are smaller by a tenth. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
        const path = join(DIST, name);
        if (!/\.(js|css|html|svg|json|webmanifest|txt)$/.test(name)) continue;
        if (!statSync(path).isFile() || statSync(path).size < WORTH_BYTES) continue;
        const plain = readFileSync(path);
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        for (const [end, made] of [
          [".br", brotliCompressSync(plain, quality)],
          [".gz", gzipSync(plain, { level: 9 })],
        ] as const) {
          if (made.length < plain.length * 0.9) writeFileSync(path + end, made);
        }
      }
    },
  };
}

/** Writes licenses.txt: the notices of every package that the browser is sent a part of. */
function licenses(): Plugin {
  return {
    name: "licenses",
    apply: "build",
    generateBundle(_, bundle) {
      const folders = new Set(["@fontsource-variable/inter", "tailwindcss"]);
      for (const part of Object.values(bundle)) {
        for (const id of part.type === "chunk" ? part.moduleIds : []) {
          const found = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id);
          if (found?.[1]) folders.add(found[1]);
        }
      }
      const notices = [...folders].sort().map((name) => {
        const folder = here(`./node_modules/${name}`);
        const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
        const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
        return `${name} ${version} (${license})\n\n${texts.join("\n\n")}\n`;
      });
      const source = notices.join(`\n${"-".repeat(72)}\n\n`);
      this.emitFile({ type: "asset", fileName: "licenses.txt", source });
    },
  };
}

/** Writes sw.js: the worker with the names of all that the app is made of. */
function worker(): Plugin {
  return {
    name: "worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const open = readdirSync(here("./public")).filter((name) => !/maskable|512/.test(name));
      const made = Object.keys(bundle).filter((name) => /\.(js|css|woff2)$/.test(name));
      const files = ["/index.html", ...[...made, ...open].sort().map((name) => `/${name}`)];
      const version = createHash("sha256");
      for (const name of Object.keys(bundle).sort()) {
        const part = bundle[name];
        version.update(name).update(part?.type === "chunk" ? part.code : (part?.source ?? ""));
      }
      for (const name of ["index.html", ...open.map((one) => `public/${one}`)]) {
        version.update(readFileSync(here(`./${name}`)));
      }
      const source = readFileSync(here("./worker/sw.js"), "utf8")
        .replace("__VERSION__", version.digest("hex").slice(0, 12))
        .replace("__FILES__", JSON.stringify(files));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

const api = process.env.API_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwind(), licenses(), worker(), compressed()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: DIST,
    emptyOutDir: true,
    manifest: true,
    target: "es2023",
    // What is inlined as data: would be refused as a script or a style, and is never cached.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    proxy: {
      "/api": { target: api, ws: true, changeOrigin: true },
      "/health": api,
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
