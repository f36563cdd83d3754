/** A person or an assistant as a small picture: an initial on a colour of its own. */

import { memo } from "react";
import styles from "./Face.module.css";
import { hued } from "./hue";

export const Face = memo(function Face({ id, name, kind = "person", size = 28 }: FaceProps) {
  return (
    <span
      className={styles.face}
      data-kind={kind}
      style={{ ...hued(id), width: size, height: size, fontSize: size * 0.43 }}
      aria-hidden="true"
    >
      {initial(name)}
    </span>
  );
});

interface FaceProps {
  /** Of the person or the assistant; the colour is made of it. */
  id: string;
  name: string;
  kind?: "person" | "assistant";
  /** In pixels. */
  size?: number;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function initial(name: string): string {
  const [first] = graphemes.segment(name.trim());
  return first?.segment.toLocaleUpperCase() ?? "?";
}
