/** What stands at a place in a query's text that may be half written: a word, or a value of a field. */

/** UTF-16 offsets; `start` to `end` is what a completion replaces, `typed` what stands there before the cursor. */
export type QueryCursor =
  /** A word that may become a field's name, or text to be searched. */
  | { readonly kind: 'word'; readonly start: number; readonly end: number; readonly typed: string }
  /** `field` as a query means it: without quotes. */
  | {
      readonly kind: 'value';
      readonly field: string;
      readonly isQuotedField: boolean;
      readonly start: number;
      readonly end: number;
      /** Without the opening quote and escapes. */
      readonly typed: string;
    }
  /** In a phrase, or where only a space can follow. */
  | { readonly kind: 'none' };

/** Linear in the text; never throws. @param offset of the cursor, UTF-16. */
export function queryCursor(text: string, offset: number): QueryCursor {
  const cursor = Math.max(0, Math.min(offset, text.length));
  let at = 0;
  while (at < text.length) {
    if (isSpace(text[at]) || text[at] === '(' || text[at] === ')') {
      // Right after a parenthesis, as after a space, a term may begin.
      at++;
      continue;
    }
    const term = readTerm(text, at);
    if (cursor >= at && cursor <= term.end) return cursorWithin(text, term, cursor);
    at = term.end;
  }
  return { kind: 'word', start: cursor, end: cursor, typed: '' };
}

interface Part {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  /** Without quotes and escapes. */
  readonly text: string;
}

interface Term {
  /** After a `-`. */
  readonly start: number;
  readonly end: number;
  readonly name: Part;
  /** Absent without a colon. */
  readonly values?: readonly Part[];
}

function readTerm(text: string, from: number): Term {
  const start = text[from] === '-' ? from + 1 : from;
  const name = readPart(text, start, ':');
  if (text[name.end] !== ':') return { start, end: Math.max(name.end, from + 1), name };
  const values = [readPart(text, name.end + 1, ',')];
  let end = values[0]?.end ?? name.end + 1;
  while (text[end] === ',') {
    const value = readPart(text, end + 1, ',');
    values.push(value);
    end = value.end;
  }
  return { start, end, name, values };
}

/** Up to white space, a parenthesis or `stop`; or a quoted text, closed or not. */
function readPart(text: string, start: number, stop: string): Part {
  let at = start;
  if (text[at] === '"') {
    let content = '';
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\' && at + 1 < text.length) {
        at++;
        content += escapes[text[at] ?? ''] ?? text[at] ?? '';
      } else content += text[at] ?? '';
    }
    return { start, end: Math.min(at + 1, text.length), quoted: true, text: content };
  }
  while (at < text.length && !isSpace(text[at]) && text[at] !== '(' && text[at] !== ')' && text[at] !== '"') {
    if (text[at] === stop) break;
    at++;
  }
  return { start, end: at, quoted: false, text: text.slice(start, at) };
}

const escapes: Readonly<Partial<Record<string, string>>> = { n: '\n', r: '\r', t: '\t' };

function cursorWithin(text: string, { start, name, values }: Term, cursor: number): QueryCursor {
  if (cursor < start) return { kind: 'none' };
  if (!values || cursor <= name.end) {
    if (name.quoted) return { kind: 'none' };
    // With its colon, so that another name does not get a second.
    const end = values ? name.end + 1 : name.end;
    return { kind: 'word', start: name.start, end, typed: text.slice(name.start, cursor) };
  }
  const value = values.find((part) => cursor >= part.start && cursor <= part.end);
  if (!value || (value.quoted && cursor === value.end && text[cursor - 1] === '"' && value.end - value.start > 1)) {
    return { kind: 'none' };
  }
  const typed = value.quoted ? readPart(text.slice(0, cursor), value.start, ',').text : text.slice(value.start, cursor);
  const { start: from, end } = value;
  return { kind: 'value', field: name.text, isQuotedField: name.quoted, start: from, end, typed };
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && /^\s$/.test(char);
}
