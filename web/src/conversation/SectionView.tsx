/** Entries that are rendered together, and not at all while nobody sees them. */

import { memo } from "react";
import { Boundary } from "../app/Boundary";
import styles from "./Log.module.css";
import type { Chunk, Section } from "./chunks";
import { Day } from "./Day";
import type { Entry } from "./entries";
import { PersonMessage } from "./PersonMessage";
import { Turn } from "./Turn";

export const SectionView = memo(function SectionView({ section }: { section: Section }) {
  return (
    <div className={styles.section}>
      {section.items.map((chunk) => (
        <ChunkView key={chunk.key} chunk={chunk} />
      ))}
    </div>
  );
});

const ChunkView = memo(function ChunkView({ chunk }: { chunk: Chunk }) {
  return (
    <div className={styles.chunk}>
      {chunk.items.map((entry) => (
        <Boundary key={entry.key} what="This message" instead={<p className={styles.coming}>This message could not be shown.</p>}>
          <EntryView entry={entry} />
        </Boundary>
      ))}
    </div>
  );
});

function EntryView({ entry }: { entry: Entry }) {
  switch (entry.kind) {
    case "message":
      return <PersonMessage message={entry.message} continues={entry.continues} />;
    case "turn":
      return <Turn turn={entry} />;
    case "coming":
      return <p className={styles.coming}>{entry.coming.text}</p>;
    case "day":
      return <Day at={entry.at} />;
  }
}
