// Makes a script for a page of a block of docs/javascript.md, which comes on standard input.
//
//   node test/guide.mjs js|tsx|vue CODE     CODE goes behind the block, such as what mounts its component
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { compileScript, parse } from "vue/compiler-sfc";

const [language, behind] = process.argv.slice(2);
const block = readFileSync(0, "utf8");

const ours = {
  name: "livethread",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^livethread/ }, ({ path }) => ({
      path: new URL(`../src/${path.replace(/^livethread\/?/, "") || "index"}.ts`, import.meta.url).pathname,
    })),
};

/** A single-file component as a module, whose default export is called `Component`. */
function component(source) {
  const { descriptor, errors } = parse(source);
  if (errors.length) throw errors[0];
  return compileScript(descriptor, { id: "block", inlineTemplate: true, genDefaultAs: "Component" }).content;
}

const { outputFiles } = await build({
  stdin: {
    contents: `${language === "vue" ? component(block) : block}\n${behind}`,
    loader: language === "js" ? "js" : "tsx",
    resolveDir: import.meta.dirname,
  },
  plugins: [ours],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: {
    "process.env.NODE_ENV": '"development"',
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  logLevel: "warning",
});
process.stdout.write(outputFiles[0].text);
