/** Calls of functions, one below the other; each folds open. */

import type { Run, RunStep, ToolCall } from "livethread";
import { Check, CircleAlert, CircleStop, Clock, Wrench } from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import { useAround } from "./Around";
import styles from "./Calls.module.css";
import { GiveOutput } from "./GiveOutput";
import { Code } from "./markdown/Code";
import { pretty } from "./wording";

export const Calls = memo(function Calls({ step, run }: { step: RunStep; run: Run | null }) {
  const { giveOutputs } = useAround();
  const [outputs, setOutputs] = useState<ReadonlyMap<string, string>>(new Map());
  /** Whether the reader has given them, which may be too late. */
  const [given, setGiven] = useState(false);
  if (step.step_details.type !== "tool_calls") return null;
  const waits = run?.status === "requires_action";
  const asked = (waits && run.required_action?.submit_tool_outputs.tool_calls) || [];
  const output = (id: string) => outputs.get(id) ?? "";
  const give = () => {
    setGiven(true);
    return giveOutputs(run!.id, asked.map(({ id }) => ({ tool_call_id: id, output: output(id) })));
  };
  /** What was written for a call that waits no more, unless it is what the call has got, or may be. */
  const leftOf = (call: ToolCall | undefined) => {
    const text = output(call?.id ?? "");
    const got = call?.function?.output ?? (given && step.status === "in_progress" ? text : null);
    return text.trim() && text !== got ? text : null;
  };
  return (
    <div className={styles.calls}>
      {step.step_details.tool_calls.map((call, index) => (
        <Call key={call?.id ?? index} call={call} step={step} waits={waits}>
          {asked.some(({ id }) => id === call?.id) ? (
            <GiveOutput
              name={call.function.name}
              output={output(call.id)}
              others={asked.some(({ id }) => id !== call.id && !output(id))}
              onWrite={(text) => setOutputs((outputs) => new Map(outputs).set(call.id, text))}
              onGive={give}
            />
          ) : (
            leftOf(call) !== null && <NotGiven text={leftOf(call)!} />
          )}
        </Call>
      ))}
    </div>
  );
});

const STATES = {
  runs: { text: "is running", Icon: Wrench },
  waits: { text: "waits for its output", Icon: Clock },
  done: { text: "is done", Icon: Check },
  failed: { text: "failed", Icon: CircleAlert },
  stopped: { text: "was stopped", Icon: CircleStop },
};

interface CallProps {
  call: ToolCall;
  step: RunStep;
  waits: boolean;
  children: ReactNode;
}

function Call({ call, step, waits, children }: CallProps) {
  const called = call?.function as ToolCall["function"] | undefined;
  const output = called?.output;
  const state = stateOf(step, output, waits);
  const { text, Icon } = STATES[state];
  return (
    <details className={styles.call} data-state={state}>
      <summary>
        <Icon size={15} aria-hidden="true" />
        <span className={styles.name}>{called?.name ?? call?.type ?? "A tool"}</span>
        <span className={styles.state}>{text}</span>
      </summary>
      <div className={styles.inside}>
        <Labelled label="Arguments" text={called?.arguments ?? ""} />
        {output != null && <Labelled label="Output" text={output} />}
        {children}
      </div>
    </details>
  );
}

/** What somebody was writing as another answered, or as the call ended. */
function NotGiven({ text }: { text: string }) {
  return (
    <>
      <p role="alert">Not given: the call was answered or ended meanwhile.</p>
      <Code text={text} language="What you wrote" />
    </>
  );
}

function Labelled({ label, text }: { label: string; text: string }) {
  return <Code text={pretty(text) || "nothing"} language={label} />;
}

function stateOf(step: RunStep, output: string | null | undefined, waits: boolean): keyof typeof STATES {
  if (output != null) return "done";
  if (step.status === "failed" || step.status === "expired") return "failed";
  if (step.status === "cancelled") return "stopped";
  if (step.status === "completed") return "done";
  return waits ? "waits" : "runs";
}
