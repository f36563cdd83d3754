/** Puts React 18 in the place of the newest, for whatever is imported after this. */

import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return { ...found, url: found.url.replace(/\/node_modules\/(react|react-dom)\//, "/node_modules/$1-18/") };
  },
});
