/** Markdown as React elements, also while it is written: what is closed is rendered once. */

import type { Tokens } from "marked";
import { Fragment, memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { type Block, grown, NOTHING, shown } from "./blocks";
import { Code } from "./Code";
import { directionOf } from "./direction";
import { mended } from "./growing";
import { leaf } from "./inlines";
import { isHard, type Links, NO_LINKS, tokensOf } from "./lexing";
import styles from "./Markdown.module.css";
import { Head, items, prose, Rows, Wide } from "./prose";

/**
 * @param growing - whether more of the text comes; its end is then shown as what it is about to be
 */
export const Markdown = memo(function Markdown({ text, growing = false }: { text: string; growing?: boolean }) {
  const before = useRef(NOTHING);
  const growth = grown(before.current, text);
  useEffect(() => {
    before.current = growth;
  });
  const { groups, links } = shown(growth, growing);
  return (
    <div className={styles.markdown}>
      {groups.map((blocks, index) => (
        <Group key={index} blocks={blocks} links={links} growing={growing && index === groups.length - 1} />
      ))}
    </div>
  );
});

interface GroupProps {
  blocks: readonly Block[];
  links: Links;
  growing: boolean;
}

/** Blocks that follow each other; the parts of a list or a table stand in one. */
const Group = memo(function Group({ blocks, links, growing }: GroupProps) {
  const shown: ReactNode[] = [];
  for (let at = 0; at < blocks.length; ) {
    const first = blocks[at]!;
    const end = first.of ? blocks.findIndex((block, index) => index > at && block.of !== first.of) : at + 1;
    const parts = blocks.slice(at, end < 0 ? blocks.length : end).map((block) => {
      const own = { block, links: block.raw.includes("[") ? links : NO_LINKS, growing: growing && block.open };
      return <Part key={block.key} {...own} />;
    });
    shown.push(<Fragment key={first.key}>{first.of ? <Whole first={first}>{parts}</Whole> : parts}</Fragment>);
    at += parts.length;
  }
  return shown;
});

/** The list or table that parts stand in. */
function Whole({ first, children }: { first: Block; children: ReactNode }) {
  const { kind, raw } = first;
  const table = useMemo(() => (kind === "rows" ? (tokensOf(raw.split("\n", 2).join("\n"), NO_LINKS)?.[0] as Tokens.Table) : null), [kind, raw]);
  if (table) {
    return (
      <Wide table={table}>
        <Head table={table} />
        {children}
      </Wide>
    );
  }
  const number = /^\d+/.exec(raw);
  const dir = directionOf(raw);
  return number ? (
    <ol dir={dir} className={styles.list} start={Number(number[0])}>
      {children}
    </ol>
  ) : (
    <ul dir={dir} className={styles.list}>
      {children}
    </ul>
  );
}

interface PartProps {
  block: Block;
  links: Links;
  growing: boolean;
}

const Part = memo(
  function Part({ block, links, growing }: PartProps) {
    const { kind, raw, language } = block;
    const [grows] = useState(growing); // what has grown here stays as it is, for it may be marked
    const tokens = useMemo(
      () => (kind === "code" ? [] : tokensOf(growing && !isHard(raw) ? mended(raw) : raw, links)),
      [kind, raw, links, growing],
    );
    if (kind === "code") return <Code text={growing ? raw.replace(/(^|\n) {0,3}[`~]{1,3}$/, "") : raw} language={language} growing={growing} />;
    if (kind === "rows") {
      const table = tokens?.find((token) => token.type === "table");
      return table ? <Rows table={table as Tokens.Table} grows={grows} /> : null;
    }
    if (kind === "item") return tokens ? items(tokens, grows) : <li dir="auto" className={styles.bare}>{leaf(raw, grows)}</li>;
    return tokens ? prose(tokens, grows) : <p dir="auto" className={styles.asWritten}>{leaf(raw, grows)}</p>;
  },
  (before, now) =>
    before.links === now.links &&
    before.growing === now.growing &&
    (before.block === now.block ||
      (before.block.raw === now.block.raw &&
        before.block.kind === now.block.kind &&
        before.block.language === now.block.language)),
);
