// Builds the package.
//
//   node build.mjs          dist: a module for each file of src, and its types beside it
//   node build.mjs FILE     the core as one small module that imports nothing, for the server to serve at /client.js; what
//                           it loads on demand lies beside it, such as client-tools.js
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";

const here = import.meta.dirname;

/**
 * Properties that no page, server or other tab ever sees, and what they are called in the build: always the same, since a
 * page that was opened long ago may load a part that is newer than its core.
 */
const SHORT = Object.entries({
  answered: "a", asked: "b", begin: "c", changed: "u", draft: "d", drop: "v", feed: "w", fold: "x", hear: "e", held: "f",
  hold: "g", holds: "h", loose: "i", oldest: "j", passed: "k", pend: "s", place: "l", row: "m", said: "n", shown: "o",
  silence: "t", store: "p", until: "q", work: "r",
});

/** How everything is made small. */
const smaller = {
  module: true,
  ecma: 2020,
  compress: { passes: 3, sequences: false, unsafe_arrows: true },
  mangle: { properties: { regex: new RegExp(`^(${SHORT.map(([name]) => name).join("|")})$`) } },
  nameCache: { props: { props: Object.fromEntries(SHORT.map(([name, short]) => [`$${name}`, short])) } },
};

/** Build a module of src and what it loads on demand; classes and state of the core are handed over, never imported twice. */
async function bundle(entry, file) {
  const parts = new Set();
  const onDemand = {
    name: "on-demand",
    setup: (esbuild) =>
      esbuild.onResolve({ filter: /.*/ }, ({ kind, path }) => {
        if (kind !== "dynamic-import") return;
        const name = basename(path, ".js");
        parts.add(name);
        return { path: `./${stem}-${name}.js`, external: true };
      }),
  };
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [`src/${entry}.ts`],
    plugins: [onDemand],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
  const small = await minify(outputFiles[0].text, smaller);
  writeFileSync(file, small.code);
  for (const part of parts) await bundle(part, join(dirname(file), `${stem}-${part}.js`));
}

const file = process.argv[2] && resolve(process.argv[2]);
const stem = file && basename(file, ".js");
if (file) {
  mkdirSync(dirname(file), { recursive: true });
  for (const name of readdirSync(dirname(file))) if (name.startsWith(`${stem}-`)) rmSync(join(dirname(file), name));
  await bundle("index", file);
} else {
  rmSync(resolve(here, "dist"), { recursive: true, force: true });
  const compiler = resolve(here, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler], { cwd: here, stdio: "inherit" });
}
