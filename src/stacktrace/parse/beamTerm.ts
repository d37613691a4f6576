/** Reads frames as Erlang's terms have them, also where its printer broke the line within one. */

import type { TextLine, TextLines } from '../textLines.ts';
import { firstOf, isBlank, isDigit, isWordPart, numberIn, trimmedLength } from './characters.ts';

/** `{a,read,1,[{file,"a.erl"},{line,3}]}`; the third is the arity or the arguments. */
export interface BeamTerm {
  /** Where its first brace stands. */
  readonly index: number;
  readonly column: number;
  readonly module: string;
  readonly name: string;
  readonly arity: number;
  readonly file: string | undefined;
  readonly line1: number | undefined;
  /** The line to show: the one with the file, else the one that it starts on; and where in it. */
  readonly line: TextLine;
  readonly start: number;
  readonly end: number;
  /** Where it ends: after its last brace. */
  readonly endIndex: number;
  readonly endColumn: number;
}

/** Printers break long terms over a few lines. */
const maxBreaks = 6;
const maxAtom = 200;
const maxArguments = 500;
const maxFile = 500;
const maxRest = 200;

/** @param margin how many characters of each further line are a log's prefix */
export function beamTermAt(lines: TextLines, index: number, column: number, margin: number): BeamTerm | undefined {
  return new TermReader(lines, index, margin).read(column);
}

class TermReader {
  readonly #lines: TextLines;
  readonly #margin: number;
  readonly #first: number;
  #index: number;
  #line: TextLine | undefined;
  /** The text that the line stands in, where the line ends there, and where the reader is. */
  #chars = '';
  #end = 0;
  #at = 0;
  /** Of the place that was read last: its line number, and which line the file stood on. */
  #line1 = -1;
  #fileIndex = -1;

  constructor(lines: TextLines, index: number, margin: number) {
    this.#lines = lines;
    this.#first = index;
    this.#index = index;
    this.#margin = margin;
    this.#enter(lines.at(index), 0);
  }

  #enter(line: TextLine | undefined, column: number): void {
    this.#line = line;
    if (!line) return;
    this.#chars = line.chars;
    this.#end = line.from + line.text.length;
    this.#at = line.from + column;
  }

  read(column: number): BeamTerm | undefined {
    let line = this.#line;
    this.#at += column;
    if (!this.#take(123)) return undefined;
    const module = this.#atom();
    if (module === undefined || !this.#take(44) || !this.#skip()) return undefined;
    const name = this.#atom();
    if (name === undefined || !this.#take(44) || !this.#skip()) return undefined;
    const arity = this.#arity();
    if (arity === -1 || !this.#take(44) || !this.#skip() || !this.#take(91) || !this.#skip()) return undefined;
    let shown = this.#first;
    let start = column;
    let file: string | undefined;
    let line1: number | undefined;
    if (this.#starts('{file,')) {
      const index = this.#index;
      const own = this.#line;
      const at = this.#column();
      file = this.#place();
      if (file === undefined) {
        // Something else that starts alike.
        this.#index = index;
        this.#enter(own, at);
      } else {
        line1 = this.#line1;
        if (this.#fileIndex > shown) {
          shown = this.#fileIndex;
          line = this.#lines.at(shown);
          start = firstColumn(line?.text ?? '', this.#margin);
        }
      }
    }
    if (!this.#close() || !line) return undefined;
    const endColumn = this.#column();
    const end = this.#index === shown ? endColumn : line.text.trimEnd().length;
    if (end <= start) return undefined;
    return {
      index: this.#first,
      column,
      module,
      name,
      arity,
      file,
      line1,
      line,
      start,
      end,
      endIndex: this.#index,
      endColumn,
    };
  }

  #column(): number {
    return this.#at - (this.#line?.from ?? 0);
  }

  /** The character that the reader is at; -1 past the line's end. */
  #unit(): number {
    return this.#at < this.#end ? this.#chars.charCodeAt(this.#at) : -1;
  }

  #starts(text: string): boolean {
    return this.#at + text.length <= this.#end && this.#chars.startsWith(text, this.#at);
  }

  #take(unit: number): boolean {
    if (this.#unit() !== unit) return false;
    this.#at++;
    return true;
  }

  /** Over blanks and, where a line ends, to the next one. */
  #skip(): boolean {
    for (;;) {
      while (this.#at < this.#end && isBlank(this.#chars.charCodeAt(this.#at))) this.#at++;
      if (this.#at < this.#end) return true;
      if (!this.#nextLine()) return false;
    }
  }

  #nextLine(): boolean {
    const text = this.#line?.text ?? '';
    if (this.#index - this.#first >= maxBreaks) return false;
    // Printers break after a comma or an opening bracket.
    const last = text.charCodeAt(trimmedLength(text) - 1);
    if (last !== 44 && last !== 91 && last !== 123) return false;
    const next = this.#lines.at(this.#index + 1);
    if (!next || next.opens || next.text.length <= this.#margin) return false;
    if (this.#margin > 0 && !isBlank(next.text.charCodeAt(this.#margin - 1))) return false;
    this.#index++;
    this.#enter(next, this.#margin);
    return true;
  }

  /** `loader`, `'Elixir.Acme.Loader'`. */
  #atom(): string | undefined {
    const chars = this.#chars;
    const from = this.#at;
    const limit = Math.min(this.#end, from + maxAtom + 2);
    const first = this.#unit();
    if (first === 39) {
      const close = firstOf(chars, 39, from + 1, limit);
      if (close <= from + 1) return undefined;
      this.#at = close + 1;
      return chars.slice(from + 1, close);
    }
    if (first < 97 || first > 122) return undefined;
    let end = from + 1;
    while (end < limit && isWordPart(chars.charCodeAt(end))) end++;
    if (end - from > maxAtom + 1) return undefined;
    this.#at = end;
    return chars.slice(from, end);
  }

  /** Over digits; where they start. */
  #digits(): number {
    const from = this.#at;
    while (this.#at < this.#end && isDigit(this.#chars.charCodeAt(this.#at))) this.#at++;
    return from;
  }

  /** The arity, or how many arguments the list holds; -1 when it is neither. */
  #arity(): number {
    if (isDigit(this.#unit())) {
      const from = this.#digits();
      return this.#at - from <= 3 ? numberIn(this.#chars, from, this.#at) : -1;
    }
    if (!this.#take(91)) return -1;
    let commas = 0;
    let length = 0;
    for (; length <= maxArguments; length++) {
      if (this.#at >= this.#end) {
        if (!this.#nextLine()) return -1;
        continue;
      }
      const unit = this.#chars.charCodeAt(this.#at++);
      if (unit === 93) return length === 0 ? 0 : commas + 1;
      if (unit === 91) return -1;
      if (unit === 44) commas++;
    }
    return -1;
  }

  /** The file of `{file,"a.erl"},{line,3}`; in Elixir's texts the quotes may be escaped. */
  #place(): string | undefined {
    this.#at += '{file,'.length;
    if (!this.#skip()) return undefined;
    const chars = this.#chars;
    this.#fileIndex = this.#index;
    let from = this.#at;
    if (chars.charCodeAt(from) === 92) from++;
    if (chars.charCodeAt(from) !== 34) return undefined;
    const close = firstOf(chars, 34, from + 1, Math.min(this.#end, from + maxFile + 2));
    if (close === -1) return undefined;
    const end = chars.charCodeAt(close - 1) === 92 && close - 1 > from + 1 ? close - 1 : close;
    if (end <= from + 1) return undefined;
    this.#at = close + 1;
    if (!this.#take(125) || !this.#take(44) || !this.#skip()) return undefined;
    if (!this.#starts('{line,')) return undefined;
    this.#at += '{line,'.length;
    if (!this.#skip()) return undefined;
    const digits = this.#digits();
    this.#line1 = numberIn(this.#chars, digits, this.#at);
    return this.#line1 !== -1 && this.#take(125) ? chars.slice(from + 1, end) : undefined;
  }

  /** What else the list says, and the brackets that end it and the frame. */
  #close(): boolean {
    for (let length = 0; length <= maxRest; length++) {
      if (this.#at >= this.#end) {
        // Another frame: this one was cut off.
        if (!this.#nextLine() || this.#line?.text.includes('{file,')) return false;
      } else if (this.#chars.charCodeAt(this.#at) === 93) break;
      else if (this.#chars.charCodeAt(this.#at) === 91 && this.#index > this.#first) return false;
      else this.#at++;
    }
    return this.#take(93) && this.#take(125);
  }
}

function firstColumn(text: string, margin: number): number {
  let at = margin;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
}
