/** Reads newline-delimited JSON: each line that is not blank is a row. */

import { type Line, LineSplitter } from '../../logs/splitLines.ts';
import { rowOf } from './jsonRow.ts';
import type { Row } from './row.ts';

const maxLineBytes = 16 << 20;

export async function* ndjsonRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Row, void> {
  const splitter = new LineSplitter(maxLineBytes);
  let row = 0;
  for await (const chunk of chunks) {
    for (const line of splitter.push(chunk)) {
      const parsed = lineRow(line, row);
      if (parsed) row++;
      if (parsed) yield parsed;
    }
  }
  const rest = splitter.rest();
  const last = rest && lineRow(rest, row);
  if (last) yield last;
}

function lineRow({ bytes, offsetBytes, isTooLong }: Line, row: number): Row | undefined {
  if (!isTooLong) return rowOf(bytes, row, offsetBytes);
  return { kind: 'rejected', row, offsetBytes, reason: `longer than ${maxLineBytes} bytes`, raw: bytes.toString() };
}
