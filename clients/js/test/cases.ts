/** The case files that every fold and decoder replays. */
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../spec/cases/", import.meta.url);

export const read = (name: string): any => JSON.parse(readFileSync(new URL(name, FOLDER), "ascii"));

/** Those that are folded, each with the name of its file in front. */
export const folds: [name: string, case_: any][] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json") && !["cursors.json", "sse.json"].includes(name))
  .flatMap((file) => read(file).cases.map((case_: any) => [`${file.replace(".json", "")}: ${case_.name}`, case_]));
