/** Tokens of a block as React elements. */

import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { Code } from "./Code";
import { directionOf } from "./direction";
import { inlines, leaf } from "./inlines";
import styles from "./Markdown.module.css";
import { plain } from "./references";

/**
 * What the tokens of blocks show.
 *
 * @param grows - whether more of them comes, or has come while they were shown; so in all that follows
 */
export function prose(tokens: readonly Token[] = [], grows = false): ReactNode[] {
  return tokens.map((token, index) => <Fragment key={index}>{block(token as Tokens.Generic, grows)}</Fragment>);
}

/** The items of a block that is a part of a list. */
export function items(tokens: readonly Token[], grows = false): ReactNode[] {
  return tokens.flatMap((token, index) => {
    if (token.type === "list") return (token as Tokens.List).items.map((item, at) => <Item key={`${index}.${at}`} item={item} grows={grows} />);
    if (token.type === "space" || token.type === "def") return [];
    return [
      <li key={index} dir="auto" className={styles.bare}>
        {prose([token], grows)}
      </li>,
    ];
  });
}

/** The rows of a block that is a part of a table. */
export function Rows({ table, grows = false }: { table: Tokens.Table; grows?: boolean }) {
  return (
    <tbody>
      {table.rows.map((row, index) => (
        <tr key={index}>
          {row.map((cell, at) => (
            <Cell key={at} cell={cell} grows={grows} />
          ))}
        </tr>
      ))}
    </tbody>
  );
}

/** The head of a table. */
export function Head({ table, grows = false }: { table: Tokens.Table; grows?: boolean }) {
  return (
    <thead>
      <tr>
        {table.header.map((cell, at) => (
          <Cell key={at} cell={cell} grows={grows} />
        ))}
      </tr>
    </thead>
  );
}

/** What a table stands in, so that a wide one moves by itself. */
export function Wide({ table, children }: { table: Tokens.Table; children: ReactNode }) {
  return (
    <div dir={directionOf(table.header.map(({ text }) => text).join())} className={styles.wide} tabIndex={0} role="group" aria-label="Table">
      <table className={styles.table}>{children}</table>
    </div>
  );
}

function Cell({ cell, grows }: { cell: Tokens.TableCell; grows: boolean }) {
  const Tag = cell.header ? "th" : "td";
  return (
    <Tag dir="auto" data-align={cell.align} scope={cell.header ? "col" : undefined}>
      {inlines(cell.tokens, grows)}
    </Tag>
  );
}

function Item({ item, grows }: { item: Tokens.ListItem; grows: boolean }) {
  return (
    <li dir={directionOf(item.raw)} className={item.task ? styles.task : undefined}>
      {prose(item.tokens, grows)}
    </li>
  );
}

function block(token: Tokens.Generic, grows: boolean): ReactNode {
  switch (token.type) {
    case "paragraph":
      return <p dir="auto">{inlines(token.tokens, grows)}</p>;
    case "heading": {
      // The thread's title is the page's own, and a message is a part of it.
      const Tag = `h${Math.min(token.depth + 2, 6)}` as "h3";
      return (
        <Tag dir="auto" className={styles.heading} data-depth={token.depth}>
          {inlines(token.tokens, grows)}
        </Tag>
      );
    }
    case "blockquote":
      return (
        <blockquote dir={directionOf(token.raw)} className={styles.quote}>
          {prose(token.tokens, grows)}
        </blockquote>
      );
    case "list": {
      const list = token as Tokens.List;
      const Tag = list.ordered ? "ol" : "ul";
      return (
        <Tag dir={directionOf(list.items[0]?.raw ?? "")} className={styles.list} data-loose={list.loose} start={Number(list.start) || undefined}>
          {items([list], grows)}
        </Tag>
      );
    }
    case "code":
      return <Code text={token.text} language={token.lang?.split(/\s/, 1)[0] ?? ""} />;
    case "table": {
      const table = token as Tokens.Table;
      return (
        <Wide table={table}>
          <Head table={table} grows={grows} />
          <Rows table={table} grows={grows} />
        </Wide>
      );
    }
    case "display":
      return (
        <p dir="ltr" className={styles.formula}>
          <code>{leaf(token.text, grows)}</code>
        </p>
      );
    case "hr":
      return <hr className={styles.rule} />;
    case "text":
      return token.tokens ? inlines(token.tokens, grows) : leaf(plain(token.text), grows);
    case "checkbox":
      return inlines([token as Token]);
    case "space":
    case "def":
      return null;
    default:
      return token.raw;
  }
}
