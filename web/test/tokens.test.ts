import { expect, test } from "vitest";
import SHEET from "../src/style/tokens.css?raw";

type Colour = [red: number, green: number, blue: number, opacity: number];

/** The colours that a token has, light and dark. */
function colours(token: string): [light: Colour, dark: Colour] {
  const [, light, dark] = new RegExp(`--${token}: light-dark\\((rgb\\([^)]*\\)|#\\w+), (rgb\\([^)]*\\)|#\\w+)\\)`).exec(SHEET)!;
  return [parsed(light!), parsed(dark!)];
}

function parsed(text: string): Colour {
  if (text.startsWith("#")) return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)).concat(1) as Colour;
  const [red, green, blue, percent] = text.match(/[\d.]+/g)!.map(Number);
  return [red!, green!, blue!, percent! / 100];
}

const over = ([r, g, b, a]: Colour, below: Colour): Colour =>
  [r, g, b].map((value, at) => value * a + below[at]! * (1 - a)).concat(1) as Colour;

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: Colour, other: Colour): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/** Those of these texts and grounds that cannot be told apart well enough, with their contrast. */
function tooFaint(texts: string[], grounds: string[], veils: string[], least: number): string[] {
  const found: string[] = [];
  for (const [at, theme] of ["light", "dark"].entries()) {
    for (const text of texts) {
      for (const ground of grounds) {
        const below = colours(ground)[at]!;
        for (const veil of ["", ...veils]) {
          const seen = veil ? over(colours(veil)[at]!, below) : below;
          const is = contrast(colours(text)[at]!, seen);
          if (is < least) found.push(`${theme}: ${text} on ${ground} ${veil}: ${is.toFixed(2)}`);
        }
      }
    }
  }
  return found;
}

const GROUNDS = ["sunken", "canvas", "raised"];

test("every text can be read on every ground, also where that is pressed", () => {
  expect(tooFaint(["text", "text-soft", "text-faint"], GROUNDS, ["hover", "pressed"], 4.5)).toEqual([]);
});

test("what acts and what warns can be read, on the grounds and on its own", () => {
  expect([
    ...tooFaint(["accent", "danger", "warn"], GROUNDS, [], 4.5),
    ...tooFaint(["on-accent"], ["accent", "accent-strong"], [], 4.5),
    ...tooFaint(["on-accent-soft", "accent"], ["accent-soft"], [], 4.5),
    ...tooFaint(["on-danger"], ["danger", "danger-strong"], [], 4.5),
    ...tooFaint(["danger"], ["danger-soft"], [], 4.5),
    ...tooFaint(["warn"], ["warn-soft"], [], 4.5),
    ...tooFaint(["text", "text-soft", "text-faint"], ["code-ground"], [], 4.5),
  ]).toEqual([]);
});

test("code can be read in each of its colours", () => {
  const kinds = ["comment", "keyword", "string", "number", "function", "type", "property"];
  expect(tooFaint(kinds.map((kind) => `code-${kind}`), ["code-ground"], [], 4.5)).toEqual([]);
});

test("borders of fields and the signs of a state stand out", () => {
  expect(tooFaint(["line-strong", "ok", "accent"], GROUNDS, [], 3)).toEqual([]);
});
