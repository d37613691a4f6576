/** Aligned columns of plain text. */

import { plainLine } from '../model/plainText.ts';
import type { Style, Terminal } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly style?: (row: Row) => Style | undefined;
  readonly right?: boolean;
  /** A name that is told from others by its ends: where the terminal is narrow, its middle is left out. */
  readonly shrinks?: boolean;
}

const gap = '  ';
/** Of a cell that others stand beside: each row is as wide as the widest. */
const maxWidth = 120;
/** Of a column that shrinks, and of the last one, on a narrow terminal. */
const narrowWidth = 12;
const lastWidth = 24;

/**
 * Prints nothing for no rows. The last column is cut where the terminal ends, others where they are absurdly wide; a
 * column that is empty is left out.
 */
export async function printTable<Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const cells = columns
    .map((column, at) => {
      const limit = at === columns.length - 1 ? undefined : maxWidth;
      return { column, texts: rows.map((row) => plainLine(column.value(row), limit)) };
    })
    .filter(({ texts }) => texts.some((text) => text !== ''))
    .map(({ column, texts }) => ({
      column,
      texts,
      width: texts.reduce((most, text) => Math.max(most, text.length), column.title.length),
    }));
  const last = cells.length - 1;
  if (terminal.columns !== undefined) shrink(cells.slice(0, -1), terminal.columns - lastWidth);
  const before = cells.slice(0, -1).reduce((sum, { width }) => sum + width + gap.length, 0);
  const room = terminal.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(16, terminal.columns - before);
  const fit = (text: string, index: number, width: number, right = false): string => {
    if (index === last) return text.length > room ? `${text.slice(0, room - 1)}…` : text;
    const shown = text.length > width ? withoutMiddle(text, width) : text;
    return right ? shown.padStart(width) : shown.padEnd(width);
  };
  const head = cells.map(({ column, width }, index) => fit(column.title, index, width, column.right));
  await terminal.printText(terminal.style('dim', head.join(gap).trimEnd()));
  for (const [at, row] of rows.entries()) {
    const line = cells.map(({ column, texts, width }, index) => {
      const text = fit(texts[at] ?? '', index, width, column.right);
      const style = column.style?.(row);
      return style ? terminal.style(style, text) : text;
    });
    await terminal.printText(line.join(gap).trimEnd());
  }
}

/** Takes room from the widest of the columns that shrink, until all fit or none gives any more. */
function shrink(
  cells: readonly { width: number; readonly column: { readonly shrinks?: boolean } }[],
  room: number,
): void {
  let over = cells.reduce((sum, { width }) => sum + width + gap.length, 0) - room;
  const elastic = cells.filter(({ column }) => column.shrinks);
  while (over > 0) {
    const widest = elastic.reduce<(typeof elastic)[number] | undefined>(
      (most, cell) => (cell.width > Math.max(narrowWidth, most?.width ?? 0) ? cell : most),
      undefined,
    );
    if (!widest) return;
    widest.width--;
    over--;
  }
}

function withoutMiddle(text: string, width: number): string {
  const head = Math.floor((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(head + 1 - width)}`;
}
