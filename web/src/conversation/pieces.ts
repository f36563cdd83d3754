/** A list in pieces that stay what they are while it grows at either end, so that a page renders few of them again. */

/** What is in a list. */
export interface Keyed {
  readonly key: string;
}

/** Some that follow each other. It keeps its key as long as any of them is in it. */
export interface Piece<T extends Keyed> extends Keyed {
  readonly items: readonly T[];
}

/**
 * Cut a list into pieces of at most `size`.
 *
 * @param before - the pieces of the list as it was: they begin where they began, and are the same objects where they hold
 * the same
 */
export function cut<T extends Keyed>(before: readonly Piece<T>[], items: readonly T[], size: number): Piece<T>[] {
  const of = new Map<string, Piece<T>>();
  for (const piece of before) for (const { key } of piece.items) of.set(key, piece);
  const taken = new Set<string>();
  return cuts(before, items, size).map((items) => {
    const known = items.map(({ key }) => of.get(key)).find((piece) => piece && !taken.has(piece.key));
    let key = known?.key ?? items[0]!.key;
    while (taken.has(key)) key += "'";
    taken.add(key);
    return known && isSame(known.items, items) ? known : { key, items };
  });
}

function cuts<T extends Keyed>(before: readonly Piece<T>[], items: readonly T[], size: number): T[][] {
  const borders = new Set(before.map((piece) => piece.items[0]!.key));
  const first = before[0];
  const isBorder = ({ key }: T) => borders.has(key);
  // What comes in front fills the first piece, from its end: the piece that is short is always the first or the last.
  if (first && first.items.length < size && items[0] && !isBorder(items[0])) borders.delete(first.items[0]!.key);
  const front = Math.max(0, items.findIndex(isBorder), before.length && !items.some(isBorder) ? items.length : 0);
  const all: T[][] = [];
  for (let end = front; end > 0; end -= size) all.unshift(items.slice(Math.max(0, end - size), end));
  for (const item of items.slice(front)) {
    const last = all.at(-1);
    if (!last || last.length >= size || isBorder(item)) all.push([item]);
    else last.push(item);
  }
  return all;
}

/** Whether two lists hold the same objects. */
export const isSame = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);
