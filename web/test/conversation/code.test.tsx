import { act, cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Code } from "../../src/conversation/markdown/Code";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const PYTHON = "def rise(by):\n    return by + 1  # more\n";
const coloured = (container: Element) => [...container.querySelectorAll("code span span")].map((span) => span.textContent);

describe("Code", () => {
  it("has colours and the same text", () => {
    const { container } = render(<Code text={PYTHON} language="python" />);
    expect(coloured(container)).toEqual(["def", "rise", "return", "1", "# more"]);
    expect(container.querySelector("code")!.textContent).toBe(PYTHON);
    expect(container.querySelectorAll("[style]")).toHaveLength(0);
  });

  it("keeps its elements while it grows, and colours a line when it is complete", () => {
    const { container, rerender } = render(<Code text={`${PYTHON}if by`} language="python" growing />);
    const before = [...container.querySelectorAll("code span")];
    expect(coloured(container)).toEqual(["def", "rise", "return", "1", "# more"]);
    rerender(<Code text={`${PYTHON}if by:\n`} language="python" growing />);
    expect(coloured(container)).toEqual(["def", "rise", "return", "1", "# more", "if"]);
    const now = [...container.querySelectorAll("code span")];
    before.forEach((element, index) => expect(now[index]).toBe(element));
    rerender(<Code text={`${PYTHON}if by:\n    pass`} language="python" />);
    expect(coloured(container)).toEqual(["def", "rise", "return", "1", "# more", "if", "pass"]);
  });

  it("is plain until it is rendered", () => {
    const rendered = vi.fn(() => false);
    vi.spyOn(Element.prototype, "checkVisibility").mockImplementation(rendered);
    const { container } = render(<Code text={PYTHON} language="python" />);
    expect(coloured(container)).toEqual([]);
    rendered.mockReturnValue(true);
    act(() => void container.dispatchEvent(new Event("contentvisibilityautostatechange", { bubbles: true })));
    expect(coloured(container)).toHaveLength(5);
    expect(container.querySelector("code")!.textContent).toBe(PYTHON);
  });

  it("is the same in more pieces than one, each of which stays", () => {
    const text = PYTHON.repeat(60);
    const { container, rerender } = render(<Code text={text} language="python" growing />);
    const pieces = [...container.querySelector("code")!.children];
    expect(pieces.map((piece) => piece.textContent)).toEqual([PYTHON.repeat(24), PYTHON.repeat(24), PYTHON.repeat(12)]);
    rerender(<Code text={`${text}x`} language="python" growing />);
    expect([...container.querySelector("code")!.children]).toEqual(pieces);
    expect(container.querySelector("code")!.textContent).toBe(`${text}x`);
  });
});
