import { renderHook } from "@testing-library/react";
import type { Run } from "livethread";
import { expect, it, vi } from "vitest";
import type { Assistant } from "../../src/conversation/Around";
import { useUnknown } from "../../src/conversation/useUnknown";
import { aRun } from "./things";

it("looks for assistants once for each that is met and not known", () => {
  const look = vi.fn();
  const assistants = [{ id: "asst_1", name: "Ada", model: "a/model" }];
  const known = { runs: [aRun("r1")], assistants: assistants as Assistant[] | null };
  const { rerender } = renderHook(({ runs, assistants }: { runs: Run[]; assistants: Assistant[] | null }) => useUnknown(runs, assistants, look), {
    initialProps: known,
  });
  const looks = (props: typeof known) => (rerender(props), look.mock.calls.length);
  const runs = [aRun("r2", { assistant_id: "asst_2" }), ...known.runs];
  expect(looks({ runs, assistants: null })).toBe(0);
  expect(looks({ runs, assistants })).toBe(1);
  expect(looks({ runs: [...runs], assistants: [...assistants] })).toBe(1);
  expect(looks({ runs: [aRun("r3", { assistant_id: "asst_3" }), ...runs], assistants })).toBe(2);
});
