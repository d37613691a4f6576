/** Reads the query grammar of docs/query.md by hand, in linear time: a query, or the first mistake and its column. */

import { type Directive, fieldAliases, isDirective, unitOfField } from './fields.ts';
import { parseComparison, type WrittenValue } from './parseComparison.ts';
import {
  type IsFlag,
  isFlags,
  type ParsedQuery,
  type Query,
  type QueryExpression,
  type QueryProblem,
  type SortField,
  sortFields,
  type TimeRange,
} from './query.ts';
import { QueryMistake } from './queryMistake.ts';
import { isMoment, lacksZone, parseDuration, parseMoment } from './values.ts';

/** Longer queries are a paste gone wrong. */
const maxLength = 10_000;
/** Keeps the reader's and every evaluator's recursion shallow. */
const maxDepth = 50;
const maxLimit = 100_000;

/** Never throws on any text. Relative times are counted back from `nowMs`. */
export function parseQuery(text: string, options: { readonly nowMs: number }): ParsedQuery {
  try {
    return { kind: 'query', query: new QueryReader(text, options.nowMs).read() };
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error;
    return { kind: 'problem', problem: { column: error.offset + 1, message: error.message } };
  }
}

/** A problem in one line, for people: `column 14: expected …`. */
export function formatProblem(problem: QueryProblem): string {
  return `column ${problem.column}: ${problem.message}`;
}

class QueryReader {
  readonly #text: string;
  readonly #nowMs: number;
  #at = 0;
  readonly #seen = new Set<Directive>();
  #sinceMs: number | undefined;
  #untilMs: number | undefined;
  #atMs: number | undefined;
  #sort: Query['sort'];
  #limit: number | undefined;

  constructor(text: string, nowMs: number) {
    this.#text = text;
    this.#nowMs = nowMs;
  }

  read(): Query {
    if (this.#text.length > maxLength) {
      throw new QueryMistake(maxLength, `expected at most ${maxLength} characters, found ${this.#text.length}`);
    }
    const terms = this.#readTerms(0);
    if (this.#at < this.#text.length) {
      throw new QueryMistake(this.#at, "expected a '(' before this ')'; quote it to search for it");
    }
    const where = allOf(terms);
    const time: TimeRange = {
      ...(this.#sinceMs === undefined ? {} : { sinceMs: this.#sinceMs }),
      ...(this.#untilMs === undefined ? {} : { untilMs: this.#untilMs }),
    };
    return {
      text: this.#text,
      ...(where ? { where } : {}),
      time,
      ...(this.#atMs === undefined ? {} : { atMs: this.#atMs }),
      ...(this.#sort ? { sort: this.#sort } : {}),
      ...(this.#limit === undefined ? {} : { limit: this.#limit }),
    };
  }

  /** Terms up to the end, a `)`, or within a group the word `or`; none of these is consumed. */
  #readTerms(depth: number): QueryExpression[] {
    const terms: QueryExpression[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length || this.#char() === ')') return terms;
      if (this.#isOr()) {
        if (depth > 0) return terms;
        throw new QueryMistake(this.#at, "'or' stands between parentheses: (a or b); quote it to search for the word");
      }
      const term = this.#readTerm(depth);
      if (term) terms.push(term);
    }
  }

  /** One term; `undefined` for one that shapes the whole query, such as `since:`. */
  #readTerm(depth: number): QueryExpression | undefined {
    const start = this.#at;
    const negated = this.#char() === '-';
    if (negated) {
      this.#at++;
      if (this.#isBoundary(this.#at)) throw new QueryMistake(this.#at, "expected a term right after '-'");
      if (this.#char() === '-') throw new QueryMistake(this.#at, "expected a term after '-', found another '-'");
    }
    const term = this.#readPositive(depth, negated, start);
    if (!term) return undefined;
    return negated ? { kind: 'not', term } : term;
  }

  #readPositive(depth: number, negated: boolean, start: number): QueryExpression | undefined {
    const first = this.#char();
    if (first === '(') return this.#readGroup(depth);
    if (first === '"') {
      const openAt = this.#at;
      const content = this.#readQuoted();
      if (this.#char() === ':') {
        this.#at++;
        if (content === '') throw new QueryMistake(openAt, "expected a field name between the quotes before ':'");
        return this.#readField(content, this.#text.slice(openAt, this.#at));
      }
      if (content === '') throw new QueryMistake(openAt + 1, 'expected text between the quotes');
      this.#expectSpace('a phrase');
      return { kind: 'text', text: content };
    }
    const wordAt = this.#at;
    while (this.#at < this.#text.length && !this.#isDelimiter() && this.#char() !== ':') this.#at++;
    const word = this.#text.slice(wordAt, this.#at);
    if (this.#char() !== ':') return this.#asText(word, wordAt);
    if (word === '') throw new QueryMistake(wordAt, "expected a field name before ':'");
    if (this.#text.startsWith('//', this.#at + 1)) {
      throw new QueryMistake(wordAt, 'expected a field or a word, found a URL: put it in quotes');
    }
    const odd = /[*,<>=]/.exec(word);
    if (odd) {
      throw new QueryMistake(wordAt + odd.index, `expected a plain field name; quote one that has '${odd[0]}' in it`);
    }
    this.#at++;
    const written = `${word}:`;
    if (!isDirective(word)) {
      return this.#readField(Object.hasOwn(fieldAliases, word) ? (fieldAliases[word] ?? word) : word, written);
    }
    if (word === 'is') return this.#readIs();
    if (word === 'has') return this.#readHas();
    if (negated || depth > 0) {
      const where = negated ? "it takes no '-'" : 'it stands outside of groups';
      throw new QueryMistake(start, `'${written}' shapes the whole query: ${where}`);
    }
    if (this.#seen.has(word)) throw new QueryMistake(start, `'${written}' is here twice; expected it once`);
    this.#seen.add(word);
    this.#readDirective(word, start);
    return undefined;
  }

  #asText(word: string, wordAt: number): QueryExpression {
    this.#expectSpace('a word');
    const star = word.indexOf('*');
    if (star >= 0) {
      throw new QueryMistake(
        wordAt + star,
        "'*' stands in values only, as in field:pre*; words match anywhere in the text, so leave it out or quote it",
      );
    }
    const comparison = /^[A-Za-z_][\w.]*(?=[<>]=?\d)/.exec(word);
    if (comparison) {
      throw new QueryMistake(wordAt + comparison[0].length, `expected ':' after the field '${comparison[0]}'`);
    }
    return { kind: 'text', text: word };
  }

  #readGroup(depth: number): QueryExpression {
    const open = this.#at;
    if (depth >= maxDepth) throw new QueryMistake(open, `expected at most ${maxDepth} groups within each other`);
    this.#at++;
    const alternatives: QueryExpression[] = [];
    for (;;) {
      const terms = allOf(this.#readTerms(depth + 1));
      if (this.#at >= this.#text.length) {
        throw new QueryMistake(this.#at, `expected a ')' for the '(' in column ${open + 1}`);
      }
      if (!terms) {
        const after = alternatives.length > 0 ? "'or'" : "'('";
        throw new QueryMistake(this.#at, `expected a term after ${after}`);
      }
      alternatives.push(terms);
      if (this.#char() === ')') break;
      this.#at += 'or'.length;
    }
    this.#at++;
    this.#expectSpace('a group');
    return anyOf(alternatives);
  }

  /** Cursor after the colon; `written` is the name as the user wrote it, with its colon. */
  #readField(field: string, written: string): QueryExpression {
    const unit = unitOfField(field);
    return anyOf(
      this.#readValues(written).map((value) => ({
        kind: 'field',
        field,
        comparison: parseComparison(value, unit, written, this.#nowMs),
      })),
    );
  }

  #readIs(): QueryExpression {
    return anyOf(
      this.#readValues('is:').map((value) => {
        const text = value.operator + value.text;
        if (!isFlag(text)) {
          throw new QueryMistake(value.offset, `expected one of ${isFlags.join(', ')} after 'is:', found '${text}'`);
        }
        return { kind: 'is', flag: text };
      }),
    );
  }

  #readHas(): QueryExpression {
    return anyOf(
      this.#readValues('has:').map((value) => {
        if (value.operator !== '' || (!value.quoted && value.text.includes('*')) || value.text === '') {
          throw new QueryMistake(value.offset, "expected a field name after 'has:'; quote one with odd characters");
        }
        const alias = !value.quoted && Object.hasOwn(fieldAliases, value.text) ? fieldAliases[value.text] : undefined;
        return { kind: 'field', field: alias ?? value.text, comparison: { kind: 'has' } };
      }),
    );
  }

  #readDirective(name: Exclude<Directive, 'is' | 'has'>, start: number): void {
    const written = `${name}:`;
    const [value, second] = this.#readValues(written);
    // readValues gives at least one value or throws.
    if (!value) throw new QueryMistake(this.#at, `expected a value after '${written}'`);
    if (second) throw new QueryMistake(second.offset, `expected one value after '${written}', found a second`);
    switch (name) {
      case 'since':
        this.#sinceMs = this.#momentOf(value, written);
        this.#checkRange(start);
        return;
      case 'until':
        this.#untilMs = this.#momentOf(value, written);
        this.#checkRange(start);
        return;
      case 'at':
        this.#atMs = this.#momentOf(value, written);
        return;
      case 'sort':
        this.#sort = sortOf(value);
        return;
      case 'limit':
        this.#limit = limitOf(value);
    }
  }

  #checkRange(start: number): void {
    if (this.#sinceMs === undefined || this.#untilMs === undefined || this.#sinceMs < this.#untilMs) return;
    const [since, until] = [new Date(this.#sinceMs).toISOString(), new Date(this.#untilMs).toISOString()];
    throw new QueryMistake(start, `expected since: to be before until:, found ${since} and ${until}`);
  }

  #momentOf(value: WrittenValue, written: string): number {
    const text = value.operator + value.text;
    if (text === 'now') return this.#nowMs;
    const agoMs = parseDuration(text);
    const moment = agoMs === undefined ? parseMoment(text) : this.#nowMs - agoMs;
    if (moment !== undefined && isMoment(moment)) return Math.round(moment);
    if (lacksZone(text)) {
      throw new QueryMistake(value.offset + text.length, 'expected a zone after the time: Z or an offset like +01:00');
    }
    throw new QueryMistake(
      value.offset,
      `expected a time after '${written}': 15m, 2h or 7d ago, a date like 2026-11-23, or RFC 3339`,
    );
  }

  /** One or more values with commas between them. */
  #readValues(written: string): [WrittenValue, ...WrittenValue[]] {
    const values: [WrittenValue, ...WrittenValue[]] = [this.#readValue(written)];
    while (this.#char() === ',') {
      this.#at++;
      values.push(this.#readValue(`${written}…,`));
    }
    this.#expectSpace('a value');
    return values;
  }

  #readValue(written: string): WrittenValue {
    const offset = this.#at;
    const operator = (['>=', '<=', '>', '<'] as const).find((each) => this.#text.startsWith(each, offset)) ?? '';
    this.#at += operator.length;
    if (this.#char() === '"') return { offset, operator, quoted: true, text: this.#readQuoted() };
    const start = this.#at;
    while (this.#at < this.#text.length && !this.#isDelimiter() && this.#char() !== ',') this.#at++;
    if (this.#at === start) {
      const what = operator === '' ? 'a value' : 'a number, a time or a duration';
      throw new QueryMistake(start, `expected ${what} after '${written}${operator}'`);
    }
    return { offset, operator, quoted: false, text: this.#text.slice(start, this.#at) };
  }

  /** Cursor on the opening quote; leaves it after the closing one. */
  #readQuoted(): string {
    const open = this.#at;
    let content = '';
    for (let at = open + 1; at < this.#text.length; at++) {
      const char = this.#text[at];
      if (char === '"') {
        this.#at = at + 1;
        return content;
      }
      if (char === '\\') {
        at++;
        const escape = this.#text[at] ?? '';
        const meant = escapes[escape];
        if (meant === undefined && at < this.#text.length) {
          throw new QueryMistake(at - 1, 'expected \\" \\\\ \\n \\r or \\t; write \\\\ for a backslash');
        }
        content += meant ?? '';
      } else {
        content += char;
      }
    }
    throw new QueryMistake(this.#text.length, `expected a closing quote for the one in column ${open + 1}`);
  }

  /** A term ends at white space, the end or a `)`: anything else stuck to it is a slip. */
  #expectSpace(after: string): void {
    if (this.#isBoundary(this.#at)) return;
    throw new QueryMistake(
      this.#at,
      `expected a space after ${after}, found '${this.#char()}'; quote text with '"', '(', ')' or ',' in it`,
    );
  }

  #isOr(): boolean {
    return this.#text.slice(this.#at, this.#at + 2).toLowerCase() === 'or' && this.#isBoundaryOrGroup(this.#at + 2);
  }

  #isBoundaryOrGroup(at: number): boolean {
    return this.#isBoundary(at) || this.#text[at] === '(';
  }

  #isBoundary(at: number): boolean {
    const char = this.#text[at];
    return char === undefined || char === ')' || isSpace(char);
  }

  #isDelimiter(): boolean {
    const char = this.#char();
    return char === '"' || char === '(' || char === ')' || isSpace(char);
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && isSpace(this.#char())) this.#at++;
  }

  /** Empty at the end. */
  #char(): string {
    return this.#text[this.#at] ?? '';
  }
}

const escapes: Readonly<Partial<Record<string, string>>> = { '"': '"', '\\': '\\', n: '\n', r: '\r', t: '\t' };

function isSpace(char: string): boolean {
  return char === ' ' || /^\s$/.test(char);
}

function isFlag(text: string): text is IsFlag {
  return (isFlags as readonly string[]).includes(text);
}

function sortOf(value: WrittenValue): NonNullable<Query['sort']> {
  const text = value.operator + value.text;
  const ascending = text.endsWith('-asc');
  const name = text.replace(/-(?:asc|desc)$/, '');
  const field: SortField | undefined = sortFields.find((each) => each === name);
  if (!field) {
    const names = sortFields.join(', ');
    throw new QueryMistake(value.offset, `expected one of ${names} after 'sort:', with -asc or -desc if you like`);
  }
  return { field, descending: !ascending };
}

function limitOf(value: WrittenValue): number {
  const limit = /^\d{1,9}$/.test(value.text) && value.operator === '' ? Number(value.text) : 0;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw new QueryMistake(value.offset, `expected a whole number from 1 to ${maxLimit} after 'limit:'`);
}

function allOf(terms: readonly QueryExpression[]): QueryExpression | undefined {
  return terms.length > 1 ? { kind: 'and', terms } : terms[0];
}

function anyOf(terms: readonly QueryExpression[]): QueryExpression {
  const [first] = terms;
  return terms.length === 1 && first ? first : { kind: 'or', terms };
}
