/**
 * What `color-eyre` says above a backtrace: `The application panicked (crashed).` with its `Message:`, or `Error:` and the
 * numbered errors of a chain.
 */

import type { TextLine, TextLines } from '../textLines.ts';
import type { Header } from './header.ts';

/** Messages of several lines, the place and a line of text stand above the backtrace. */
const maxLinesAbove = 24;
const panicOpening = 'The application panicked';
const panicMessage = 'Message:  ';
const errorOpening = /(?:^|\s)(Error:)\s*$/;
const numbered = /^\s{1,8}\d{1,3}: (.*)$/;

/** @param first index of the first frame */
export function crashAbove(lines: TextLines, first: number, floor: number): Header | undefined {
  const below: TextLine[] = [];
  for (let index = first - 1; index >= Math.max(floor, first - maxLinesAbove); index--) {
    const line = lines.at(index);
    if (!line || lines.at(index + 1)?.opens) return undefined;
    const panic = line.text.indexOf(panicOpening);
    const error = panic === -1 && line.text.includes('Error:') ? errorOpening.exec(line.text) : null;
    const column = error ? line.text.indexOf('Error:', error.index) : panic;
    if (column === -1) {
      below.push(line);
      continue;
    }
    const texts = below.toReversed().map(({ text }) => text.slice(column));
    const message = error ? messageOfChain(texts) : messageOfPanic(texts);
    const found = { type: error ? 'Error' : 'panic', start: line.startOf(column), index };
    return message === '' ? found : { ...found, message };
  }
  return undefined;
}

function messageOfPanic(texts: readonly string[]): string {
  const from = texts.findIndex((text) => text.startsWith(panicMessage));
  const to = texts.findIndex((text) => text.startsWith('Location:'));
  if (from === -1 || to < from) return '';
  return texts.slice(from, to).join('\n').slice(panicMessage.length).trim();
}

/** As Rust's `{:#}` has them: each error, and behind a colon what it came from. */
function messageOfChain(texts: readonly string[]): string {
  const end = texts.findIndex((text) => !numbered.test(text));
  return texts
    .slice(0, end === -1 ? texts.length : end)
    .map((text) => numbered.exec(text)?.[1]?.trim() ?? '')
    .join(': ');
}
