/** Who may answer, as chips: those that are pressed will. */

import { Check, CircleAlert } from "lucide-react";
import type { Assistant } from "../Around";
import styles from "./Assistants.module.css";

/** One that may be chosen. */
export interface Choosable extends Assistant {
  readonly description?: string | null;
}

interface AssistantsProps {
  assistants: readonly Choosable[];
  answering: readonly string[];
  busy: { has(id: string): boolean };
  /** Those who could not answer when they were asked last. */
  failed: { has(id: string): boolean };
  onToggle: (id: string) => void;
}

export const Assistants = ({ assistants, answering, busy, failed, onToggle }: AssistantsProps) => (
  <div className={styles.assistants} role="group" aria-label="Assistants">
    {assistants.map((assistant) => {
      const { id, name, model, description } = assistant;
      const asked = answering.includes(id);
      const called = name || model;
      const told = [
        description,
        busy.has(id) && `${called} is answering.`,
        failed.has(id) && `${called} could not answer.`,
        asked ? `${called} will answer what you send.` : `${called} will not be asked.`,
      ];
      return (
        <button
          key={id}
          type="button"
          className={styles.assistant}
          aria-pressed={asked}
          data-busy={busy.has(id)}
          title={told.filter(Boolean).join("\n")}
          onClick={() => onToggle(id)}
        >
          {asked && <Check size={14} aria-hidden="true" />}
          <span>{called}</span>
          {failed.has(id) && <CircleAlert className={styles.failed} size={14} role="img" aria-label="could not answer" />}
        </button>
      );
    })}
  </div>
);
