// @vitest-environment happy-dom
import "./react-18.js";
import "./react.test.js";
import { version } from "react";
import { version as versionOfDom } from "react-dom";
import { expect, test } from "vitest";

test("all of this is so in React 18, too", () => {
  expect([version, versionOfDom]).toEqual(["18.3.1", "18.3.1"]);
});
