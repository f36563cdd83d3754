/** Who types at the moment, in a line that is always there, so that nothing moves. */

import type { Person } from "livethread";
import { memo } from "react";
import styles from "./Writing.module.css";
import { row } from "./wording";

export const Writing = memo(function Writing({ people, mine }: { people: readonly Person[]; mine: string }) {
  const names = people.filter(({ typing, user_id }) => typing && user_id !== mine).map(({ name }) => name);
  return (
    <p className={styles.writing}>
      {names.length > 0 && (
        <>
          <span className={styles.names}>{row(names)}</span> {names.length === 1 ? "is" : "are"} writing…
        </>
      )}
    </p>
  );
});
