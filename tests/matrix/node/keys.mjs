// A server that wants a key: `keys.mjs FOLDER URL GOOD_KEY`.
import { connect, given, nouns, tell } from "./sdk.mjs";
import { refusal } from "./scene.mjs";

const [key] = given;
const asked = (options) => nouns(connect(options));
const refused = [];
for (const options of [{ apiKey: "wrong" }, { apiKey: key, defaultHeaders: { Authorization: null } }]) {
  refused.push(await refusal(asked(options).threads.create()));
}
refused.push(await refusal(asked({ apiKey: "wrong" }).runs.createAndStream("thread_A", {}).done()));
tell({ refused, good: (await asked({ apiKey: key }).threads.create()).object });
