/** The blocks of a message: text, a refusal, pictures. Whatever else a message has says that it is there. */

import type { Content as Block, Message } from "livethread";
import { Ban } from "lucide-react";
import { memo } from "react";
import { Markdown } from "./markdown/Markdown";
import { Picture } from "./markdown/Picture";
import styles from "./Message.module.css";
import { OrPlain } from "./OrPlain";
import { Written } from "./Written";

/**
 * What a model writes is Markdown. What a person writes is shown as they wrote it, but for code between fences: nobody
 * means a heading by the number of an issue, or a list by a line that begins with a dash.
 */
export const Content = memo(function Content({ message }: { message: Message }) {
  const growing = message.status === "in_progress";
  const person = message.role === "user";
  return message.content.map((block, index) => (
    <OrPlain key={index} text={block?.type === "text" ? `${block.text?.value}` : ""}>
      <Shown block={block} growing={growing} person={person} />
    </OrPlain>
  ));
});

const Shown = memo(function Shown({ block, growing, person }: { block: Block; growing: boolean; person: boolean }) {
  switch (block.type) {
    case "text": {
      const text = block.text?.value ?? "";
      return person ? <Written text={text} /> : <Markdown text={text} growing={growing} />;
    }
    case "refusal":
      return (
        <p className={styles.refusal} dir="auto">
          <Ban size={16} aria-label="Refused" />
          {block.refusal}
        </p>
      );
    case "image_url":
      return <Picture src={block.image_url?.url ?? ""} name="" />;
    case "image_file":
      return <p className={styles.other}>An image in a file, which this page cannot show.</p>;
    default:
      return <p className={styles.other}>{`A block of the kind ${(block as { type?: string }).type ?? "unknown"}, which this page cannot show.`}</p>;
  }
});
