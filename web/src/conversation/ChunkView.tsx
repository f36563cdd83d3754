/** Entries that are rendered together, and not at all while nobody sees them. */

import { memo } from "react";
import styles from "./Log.module.css";
import type { Chunk } from "./chunks";
import type { Entry } from "./entries";
import { PersonMessage } from "./PersonMessage";
import { Turn } from "./Turn";

export const ChunkView = memo(function ChunkView({ chunk }: { chunk: Chunk }) {
  return (
    <div className={styles.chunk}>
      {chunk.entries.map((entry) => (
        <EntryView key={entry.key} entry={entry} />
      ))}
    </div>
  );
});

function EntryView({ entry }: { entry: Entry }) {
  switch (entry.kind) {
    case "message":
      return <PersonMessage message={entry.message} />;
    case "turn":
      return <Turn turn={entry} />;
    case "coming":
      return <p className={styles.coming}>{entry.coming.text}</p>;
  }
}
