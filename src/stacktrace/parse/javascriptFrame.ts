/** Reads one V8 frame: `at async Foo.bar [as baz] (file:///app/src/a.ts:12:5)`. */

import { looksLikePrefix } from './linePrefix.ts';

export interface JavascriptFrame {
  /** Where `at` starts and the frame ends in the line. */
  readonly start: number;
  readonly end: number;
  readonly function?: string;
  readonly file?: string;
  readonly line1?: number;
  readonly column1?: number;
}

interface Location {
  readonly file?: string;
  readonly line1?: number;
  readonly column1?: number;
}

/** @returns `undefined` when the line holds no frame of V8 */
export function javascriptFrameOn(text: string): JavascriptFrame | undefined {
  const start = startOfFrame(text);
  if (start === -1) return undefined;
  const from = start + 3;
  const paren = text.indexOf(' (', from);
  if (paren !== -1) {
    const named = namedFrame(text, start, from, paren);
    if (named) return named;
  }
  return bareFrame(text, start, from);
}

/** Where `at ` stands as the first word of the line or after what looks like a log's prefix; -1 when it does not. */
function startOfFrame(text: string): number {
  for (let at = text.indexOf('at '); at !== -1; at = text.indexOf('at ', at + 1)) {
    if (at === 0) return 0;
    const before = text.charCodeAt(at - 1);
    if (before !== 32 && before !== 9) {
      // `{"log":"\tat …`: the prefix of a container's log around a line of its own.
      if (before === 116 && text.charCodeAt(at - 2) === 92) return at;
      continue;
    }
    if (looksLikePrefix(text, at)) return at;
  }
  return -1;
}

function namedFrame(text: string, start: number, from: number, paren: number): JavascriptFrame | undefined {
  const open = paren + 2;
  const end = endOfLocation(text, open);
  if (end === -1) return undefined;
  const inside = text.slice(open, end);
  const location = locationOf(inside);
  if (!location) return undefined;
  return { start, end: end + 1, ...functionOf(text.slice(from, paren)), ...location };
}

/** Where the parenthesis that closes the location stands; paths may hold parentheses of their own. */
function endOfLocation(text: string, open: number): number {
  let depth = 1;
  for (let at = open; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 40) depth++;
    else if (unit === 41 && --depth === 0) return at;
  }
  // An unpaired parenthesis in a path: the last one closes.
  return text.lastIndexOf(')') > open ? text.lastIndexOf(')') : -1;
}

const bareLocation =
  /(?:async )?((?:[a-z][\w+.-]*:|[A-Za-z]:[\\/]|[./<]|[\w@-]+[./\\]).*?:\d+:\d+)(?=$|[\s"',}\]\\)])/iy;

function bareFrame(text: string, start: number, from: number): JavascriptFrame | undefined {
  bareLocation.lastIndex = from;
  const match = bareLocation.exec(text);
  if (match) {
    const location = locationOf(match[1] ?? '');
    // Prose has spaces where a path rarely has: `at 2026-11-23 10:12:30`.
    if (!location?.file || !isPathLike(location.file)) return undefined;
    return { start, end: bareLocation.lastIndex, ...location };
  }
  const rest = text.slice(from).trimEnd();
  if (rest === 'native' || rest === '<anonymous>') return { start, end: from + rest.length };
  return undefined;
}

function isPathLike(file: string): boolean {
  return /[/\\]|^[a-z][\w+.-]*:|^<anonymous>$/i.test(file) || /^[^\s]+\.\w{1,5}$/.test(file);
}

/** What stands in the parentheses; `undefined` when it is no location. */
function locationOf(text: string): Location | undefined {
  if (text === 'native' || text === '<anonymous>' || /^index \d+$/.test(text)) return {};
  if (text.startsWith('eval at ')) return locationOf(evalOrigin(text)) ?? {};
  const last = text.lastIndexOf(':');
  if (last <= 0) return undefined;
  const tail = text.slice(last + 1);
  if (!isNumber(tail)) return text.startsWith('wasm://') ? { file: text } : undefined;
  const middle = text.lastIndexOf(':', last - 1);
  const line = text.slice(middle + 1, last);
  // V8 always prints line and column: with one number it is another language's frame.
  if (middle <= 0 || !isNumber(line)) return undefined;
  return { file: decodeFile(text.slice(0, middle)), line1: Number(line), column1: Number(tail) };
}

/** `eval at a (eval at b (/app/x.js:1:2), <anonymous>:1:1)`: the file whose code called eval. */
function evalOrigin(text: string): string {
  const open = text.lastIndexOf(' (');
  const close = text.indexOf(')', open);
  return open === -1 || close === -1 ? '' : text.slice(open + 2, close);
}

function isNumber(text: string): boolean {
  return text.length > 0 && text.length < 10 && /^\d+$/.test(text);
}

/** A `file:` URL as the path it names; other URLs without their query. */
function decodeFile(file: string): string {
  if (file.startsWith('file://')) {
    const path = percentDecoded(withoutQuery(file.slice('file://'.length)));
    if (!path.startsWith('/')) return `//${path}`;
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  }
  return /^[a-z][\w+.-]+:\/\//i.test(file) ? withoutQuery(file) : file;
}

function withoutQuery(url: string): string {
  const at = url.search(/[?#]/);
  return at === -1 ? url : url.slice(0, at);
}

export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A lone `%` in a path that nobody encoded.
    if (error instanceof URIError) return text;
    throw error;
  }
}

function functionOf(text: string): { function?: string } {
  const name = text.startsWith('async ') ? text.slice('async '.length) : text;
  return name === '' ? {} : { function: name };
}
