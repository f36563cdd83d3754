// Builds the package into one file that imports nothing.
//
//   node build.mjs          dist/index.js, and the types beside it
//   node build.mjs FILE     only that file, for the server to serve at /client.js
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";

const here = import.meta.dirname;
const file = resolve(process.argv[2] ?? `${here}/dist/index.js`);

const bundle = await build({
  absWorkingDir: here,
  entryPoints: ["src/index.ts"],
  write: false,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
});
const small = await minify(bundle.outputFiles[0].text, { module: true, ecma: 2020, compress: { passes: 3 } });
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, small.code);

if (!process.argv[2]) {
  const compiler = resolve(here, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "--emitDeclarationOnly"], { cwd: here, stdio: "inherit" });
}
