// Builds the package.
//
//   node build.mjs          dist: a module for each file of src, and its types beside it
//   node build.mjs FILE     the core as one small module that imports nothing, for the server to serve at /client.js; what
//                           it loads on demand lies beside it, such as client-tools.js
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";

const here = import.meta.dirname;

/** How everything is made small. Properties that neither a page nor a server ever sees get short names, the same in all parts. */
const smaller = {
  module: true,
  ecma: 2020,
  compress: { passes: 3, sequences: false, unsafe_arrows: true },
  mangle: {
    properties: {
      regex:
        /^(answered|asked|begin|draft|hear|held|hold|holds|loose|oldest|passed|place|row|said|shown|store|until|why|work)$/,
    },
  },
  nameCache: {},
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
  for (const former of globSync(`${stem}-*.js`, { cwd: dirname(file) })) rmSync(join(dirname(file), former));
  await bundle("index", file);
} else {
  rmSync(resolve(here, "dist"), { recursive: true, force: true });
  const compiler = resolve(here, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler], { cwd: here, stdio: "inherit" });
}
