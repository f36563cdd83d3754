/** Tokens of a block as React elements. */

import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { Code } from "./Code";
import { inlines } from "./inlines";
import styles from "./Markdown.module.css";
import { plain } from "./references";

/** What the tokens of blocks show. */
export function prose(tokens: readonly Token[] = []): ReactNode[] {
  return tokens.map((token, index) => <Fragment key={index}>{block(token as Tokens.Generic)}</Fragment>);
}

/** The items of a block that is a part of a list. */
export function items(tokens: readonly Token[]): ReactNode[] {
  return tokens.flatMap((token, index) => {
    if (token.type === "list") return (token as Tokens.List).items.map((item, at) => <Item key={`${index}.${at}`} item={item} />);
    if (token.type === "space" || token.type === "def") return [];
    return [
      <li key={index} className={styles.bare}>
        {prose([token])}
      </li>,
    ];
  });
}

/** The rows of a block that is a part of a table. */
export function Rows({ table }: { table: Tokens.Table }) {
  return (
    <tbody>
      {table.rows.map((row, index) => (
        <tr key={index}>
          {row.map((cell, at) => (
            <Cell key={at} cell={cell} />
          ))}
        </tr>
      ))}
    </tbody>
  );
}

/** The head of a table. */
export function Head({ table }: { table: Tokens.Table }) {
  return (
    <thead>
      <tr>
        {table.header.map((cell, at) => (
          <Cell key={at} cell={cell} />
        ))}
      </tr>
    </thead>
  );
}

/** What a table stands in, so that a wide one moves by itself. */
export function Wide({ children }: { children: ReactNode }) {
  return (
    <div className={styles.wide} tabIndex={0} role="group" aria-label="Table">
      <table className={styles.table}>{children}</table>
    </div>
  );
}

function Cell({ cell }: { cell: Tokens.TableCell }) {
  const Tag = cell.header ? "th" : "td";
  return (
    <Tag dir="auto" data-align={cell.align} scope={cell.header ? "col" : undefined}>
      {inlines(cell.tokens)}
    </Tag>
  );
}

function Item({ item }: { item: Tokens.ListItem }) {
  return (
    <li dir="auto" className={item.task ? styles.task : undefined}>
      {prose(item.tokens)}
    </li>
  );
}

function block(token: Tokens.Generic): ReactNode {
  switch (token.type) {
    case "paragraph":
      return <p dir="auto">{inlines(token.tokens)}</p>;
    case "heading": {
      // The thread's title is the page's own, and a message is a part of it.
      const Tag = `h${Math.min(token.depth + 2, 6)}` as "h3";
      return (
        <Tag dir="auto" className={styles.heading} data-depth={token.depth}>
          {inlines(token.tokens)}
        </Tag>
      );
    }
    case "blockquote":
      return (
        <blockquote dir="auto" className={styles.quote}>
          {prose(token.tokens)}
        </blockquote>
      );
    case "list": {
      const Tag = token.ordered ? "ol" : "ul";
      return (
        <Tag className={styles.list} data-loose={token.loose} start={Number(token.start) || undefined}>
          {items([token as Token])}
        </Tag>
      );
    }
    case "code":
      return <Code text={token.text} language={token.lang?.split(/\s/, 1)[0] ?? ""} />;
    case "table": {
      const table = token as Tokens.Table;
      return (
        <Wide>
          <Head table={table} />
          <Rows table={table} />
        </Wide>
      );
    }
    case "hr":
      return <hr className={styles.rule} />;
    case "text":
      return token.tokens ? inlines(token.tokens) : plain(token.text);
    case "checkbox":
      return inlines([token as Token]);
    case "space":
    case "def":
      return null;
    default:
      return token.raw;
  }
}
