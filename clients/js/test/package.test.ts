/** The package as it is published: a project of its own installs it, compiles against its types and runs it. */

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const HERE = join(import.meta.dirname, "..");
const NPM = join(HERE, "../../.venv/bin/npm");

let folder: string;
let consumer: string;

const run = (program: string, ...args: string[]) => promisify(execFile)(program, args, { cwd: consumer });
const node = (code: string) => run(process.execPath, "--input-type=module", "--eval", code);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "livethread-package-"));
  const source = join(folder, "source");
  consumer = join(folder, "consumer");
  await mkdir(join(consumer, "node_modules"), { recursive: true });
  for (const name of ["src", "build.mjs", "package.json", "tsconfig.json", "README.md"])
    await cp(join(HERE, name), join(source, name), { recursive: true });
  await symlink(join(HERE, "node_modules"), join(source, "node_modules"));
  await writeFile(join(consumer, "package.json"), '{"private": true, "type": "module"}');
  await run(process.execPath, join(source, "build.mjs"));
  await run(NPM, "pack", "--silent", "--offline", source);
  await run(NPM, "install", "--silent", "--offline", "./livethread-0.1.0.tgz");
  // Only with this is anything else there, such as React.
  await cp(join(HERE, "test/consumer"), consumer, { recursive: true });
}, 40_000);
afterAll(() => rm(folder, { recursive: true }));

/** Put what the package may be used with beside it. */
const withPeers = async () => {
  for (const name of await readdir(join(HERE, "node_modules")))
    if (!name.startsWith(".")) await symlink(join(HERE, "node_modules", name), join(consumer, "node_modules", name)).catch(() => {});
};

test("the core stands alone", async () => {
  expect(await readdir(join(consumer, "node_modules"))).toEqual([".package-lock.json", "livethread"]);
  const { stdout } = await node(`
    import { createClient } from "livethread";
    import { threadList } from "livethread/list";
    import { eventSource } from "livethread/event-source";
    import { socketIo } from "livethread/socket-io";
    console.log(threadList(createClient()).getSnapshot().status, typeof eventSource, typeof socketIo(() => {}));
  `);
  expect(stdout).toBe("connecting function function\n");
});

test("React and Vue find theirs", async () => {
  await withPeers();
  const { stdout } = await node(`
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { useThread } from "livethread/react";
    import * as vue from "livethread/vue";
    const Page = () => useThread("thread_1").status;
    console.log(renderToString(createElement(Page)), vue.useThread("thread_1").status.value);
  `);
  expect(stdout).toBe("connecting connecting\n");
  const react = await readFile(join(consumer, "node_modules/livethread/dist/react.js"), "utf8");
  expect(react.startsWith('"use client";')).toBe(true);
});

test("its types hold what they promise", async () => {
  await withPeers();
  const compilerOptions = {
    module: "NodeNext", target: "ES2022", lib: ["ES2022", "DOM", "DOM.Iterable"], types: [], jsx: "react-jsx",
    strict: true, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true,
  };
  await writeFile(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["core.ts", "react.tsx", "vue.ts"] }));
  const compiler = join(HERE, "node_modules/typescript/bin/tsc");
  const { stdout } = await run(process.execPath, compiler).catch((error) => error);
  expect(stdout).toBe("");
}, 40_000);
