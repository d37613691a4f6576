/** Walks over JSON as it stands in lines, on one or broken over several, without building what it passes over. */

import { maxLineLength, type TextLine, type TextLines } from '../textLines.ts';

/** Where a value stands: in the text that `line` is a range of. */
export interface JsonSpan {
  readonly line: TextLine;
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** Of one value that is passed over. */
const maxLines = 2000;
const quote = 34;
const backslash = 92;

export class JsonCursor {
  readonly #lines: TextLines;
  readonly #margin: number;
  line: TextLine;
  index: number;
  /** In `line.chars`. */
  at: number;
  #end: number;

  /**
   * @param end where the line ends
   * @param margin how many characters of each further line are a log's prefix
   */
  constructor(lines: TextLines, line: TextLine, index: number, at: number, end: number, margin: number) {
    this.#lines = lines;
    this.#margin = margin;
    this.line = line;
    this.index = index;
    this.at = at;
    this.#end = end;
  }

  /** The character that stands next behind blanks, on this line or one of the next; -1 where the text or the string ends. */
  next(): number {
    for (;;) {
      const { chars } = this.line;
      while (this.at < this.#end) {
        const unit = chars.charCodeAt(this.at);
        if (unit !== 32 && unit !== 9) return unit;
        this.at++;
      }
      const line = this.#lines.at(this.index + 1);
      if (!line || line.opens) return -1;
      this.line = line;
      this.index++;
      this.#end = lineEnd(line);
      this.at = Math.min(this.#end, line.from + this.#margin);
    }
  }

  /** Passes over the string that opens here. @returns where its inside stands; `undefined` where it does not end on this line */
  string(): JsonSpan | undefined {
    const { line, index } = this;
    const from = this.at + 1;
    for (let at = from; at < this.#end; at++) {
      const unit = line.chars.charCodeAt(at);
      if (unit === backslash) at++;
      else if (unit === quote) {
        this.at = at + 1;
        return { line, index, from, to: at };
      }
    }
    this.at = this.#end;
    return undefined;
  }

  /** Passes over a number or a word. */
  scalar(): JsonSpan {
    const { line, index, at: from } = this;
    while (this.at < this.#end && isOfScalar(line.chars.charCodeAt(this.at))) this.at++;
    const to = this.at;
    // What is no value of JSON is passed over, too.
    if (to === from) this.at++;
    return { line, index, from, to };
  }

  /** Passes over the object or array that opens here; false where it does not end, or not soon. */
  skip(): boolean {
    const last = this.index + maxLines;
    let depth = 0;
    for (let unit = this.next(); unit !== -1 && this.index <= last; unit = this.next()) {
      if (unit === quote) {
        if (!this.string()) return false;
        continue;
      }
      this.at++;
      if (unit === 123 || unit === 91) depth++;
      else if ((unit === 125 || unit === 93) && --depth === 0) return true;
    }
    return false;
  }
}

/** Where the line ends, which may be longer than what is read of other lines. */
export function lineEnd({ chars, from, text }: TextLine): number {
  const to = from + text.length;
  if (text.length < maxLineLength) return to;
  const newline = chars.indexOf('\n', to);
  return newline === -1 ? chars.length : newline;
}

function isOfScalar(unit: number): boolean {
  return (
    (unit >= 48 && unit <= 57) || unit === 45 || unit === 43 || unit === 46 || ((unit | 32) >= 97 && (unit | 32) <= 122)
  );
}

/** The string that stands there, its escapes decoded. */
export function textOf({ line, from, to }: JsonSpan): string {
  const raw = line.chars.slice(from, to);
  if (!raw.includes('\\')) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch (error) {
    // Escapes that JSON does not know.
    if (error instanceof SyntaxError) return raw;
    throw error;
  }
}
