/**
 * Where the message of a Python exception ends. Nothing in the text says so: it is printed as it is, notes below it, and
 * what follows may be the next record of a log. Lines are taken only where both what stands above the traceback and what
 * ends the lines say that they belong to it.
 */

import type { TextLines } from '../textLines.ts';
import { cluesOn } from './clues.ts';

/**
 * How a traceback starts: within the message of another exception (`quoted`); it opens the text or the JSON string that it
 * stands in (`whole`); it belongs to a record whose first line stands above it or opens the text (`record`); nobody knows.
 */
type Context = 'quoted' | 'whole' | 'record' | 'unknown';

/** Loggers write their own message before the traceback, rarely on more lines than this. */
const maxRecordLines = 3;

/** Looked at only when a message is there: most lines that say `Traceback` or `File` have none. */
export class TracebackContext {
  readonly #lines: TextLines;
  readonly #first: number;
  readonly #floor: number;
  #kind: Context | undefined;

  /** @param first the first line of a traceback and of those that it follows from */
  constructor(lines: TextLines, first: number, floor: number) {
    this.#lines = lines;
    this.#first = first;
    this.#floor = floor;
  }

  get kind(): Context {
    return (this.#kind ??= contextOf(this.#lines, this.#first, this.#floor));
  }
}

function contextOf(lines: TextLines, first: number, floor: number): Context {
  const text = lines.at(first)?.text ?? '';
  const above = first > floor && !lines.at(first)?.opens ? (lines.at(first - 1)?.text ?? '') : '';
  const own = text.slice(0, Math.max(0, text.indexOf('Traceback')));
  if (quoting.test(own) || quoting.test(above)) return 'quoted';
  if (lines.at(first)?.opens) return 'whole';
  for (let index = first - 1; index >= Math.max(floor, first - maxRecordLines); index--) {
    const line = lines.at(index);
    if (!line) break;
    if (line.opens || startsRecord(line.text)) return 'record';
  }
  return 'unknown';
}

/** What stands before a traceback that a message quotes: the name of the exception, perhaps the message's start. */
const quoting = /[a-z](?:Error|Exception|Throwable): (?:[^:]{1,200}:)?\s*$/;

/** How loggers start a record: a time, a level, an object; a shell its prompt. */
const record =
  /^(?:\W{0,2}\d{4}[-/]\d{2}[-/]\d{2}[T ]|\W?\d{2}:\d{2}:\d{2}|\W?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)(?=[\]>):\s|])|[A-Z][a-z]{2} [ \d]\d \d{2}:|[IWEF]\d{4} \d|\{"|(?:level|time|ts)=|[\w.@:~/-]{0,80}[$%#](?: |$))/;

function startsRecord(text: string): boolean {
  return record.test(text);
}

const maxMessageLines = 64;

/**
 * The lines of a message below its first one, without their margin.
 * @param header index of the line with the exception, which starts at `column`
 * @param isOfTraces says whether a line `follows` an exception (the sentence of a chain, a group's separator) or opens
 *   `another` trace
 */
export function messageBelow(
  lines: TextLines,
  header: number,
  column: number,
  { kind: context }: TracebackContext,
  isOfTraces: (text: string) => 'follows' | 'another' | undefined,
): string[] {
  const margin = lines.at(header)?.text.slice(0, column) ?? '';
  const found: string[] = [];
  for (let index = header + 1; ; index++) {
    const line = lines.at(index);
    // The end of the text says less than that of a string: what follows a blank line may be anybody's.
    if (!line) return untilBlank(context === 'unknown' ? indented(found) : found, context === 'whole');
    const { text } = line;
    if (line.opens) return context === 'unknown' ? indented(found) : trimmed(found);
    const end = isOfTraces(text);
    if (end === 'follows') return trimmed(found);
    if (end === 'another' || index > header + maxMessageLines) return indented(found);
    if (cluesOn(line) !== 0) {
      // The frames of the exception that quotes it stand below a blank line; others have their header above them.
      return context === 'quoted' && found.at(-1) === '' ? trimmed(found) : [];
    }
    if (!text.startsWith(margin) && text.trim() !== '' && !margin.startsWith(text.trimEnd())) {
      // A group's bars and a trace's own indentation end with it; in a log the next line may have another prefix.
      return /^[\s|]+$/.test(margin) ? trimmed(found) : indented(found);
    }
    const own = text.slice(column).trimEnd();
    if (startsRecord(own)) return context === 'unknown' ? indented(found) : trimmed(found);
    found.push(own);
  }
}

function trimmed(found: string[]): string[] {
  return found.slice(0, found.findLastIndex((text) => text !== '') + 1);
}

function untilBlank(found: string[], isWhole: boolean): string[] {
  const blank = isWhole ? -1 : found.indexOf('');
  return trimmed(blank === -1 ? found : found.slice(0, blank));
}

/** What is indented belongs to what stands above it, whatever follows. */
function indented(found: string[]): string[] {
  const end = found.findIndex((text) => !/^\s/.test(text));
  return end === -1 ? found : found.slice(0, end);
}
