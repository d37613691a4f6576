/** Reads one V8 frame: `at async Foo.bar [as baz] (file:///app/src/a.ts:12:5)`. */

import { digitsEnd, isDigit, lastOf, numberIn, tableOf } from './characters.ts';
import { indentedAt, looksLikePrefix } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';

interface Location {
  readonly file: string | undefined;
  readonly line1: number | undefined;
  readonly column1: number | undefined;
}

const nowhere: Location = { file: undefined, line1: undefined, column1: undefined };

/** @returns `undefined` when the line holds no frame of V8 */
export function javascriptFrameOn(text: string): FoundFrame | undefined {
  const start = startOfFrame(text);
  if (start === -1) return undefined;
  const from = start + 3;
  if (from === text.length) return undefined;
  const paren = parenthesisAt(text, from);
  const named = paren === -1 ? undefined : namedFrame(text, start, from, paren);
  return named ?? bareFrame(text, start, from);
}

/** The first blank with a parenthesis behind it; -1. */
function parenthesisAt(text: string, from: number): number {
  for (let open = text.indexOf('(', from + 1); open !== -1; open = text.indexOf('(', open + 1)) {
    if (text.charCodeAt(open - 1) === 32) return open - 1;
  }
  return -1;
}

/** Where `at ` stands as the first word of the line or after what looks like a log's prefix; -1 when it does not. */
function startOfFrame(text: string): number {
  if (text.length < shortest.length) return -1;
  const first = indentedAt(text);
  if (first !== -1) return first;
  for (let at = text.indexOf('at '); at !== -1; at = text.indexOf('at ', at + 1)) {
    const before = at === 0 ? 32 : text.charCodeAt(at - 1);
    if (before !== 32 && before !== 9) {
      // `{"log":"\tat …`: the prefix of a container's log around a line of its own.
      if (before === 116 && text.charCodeAt(at - 2) === 92) return at;
      continue;
    }
    if (looksLikePrefix(text, at)) return at;
  }
  return -1;
}

const shortest = 'at /:1:2';

function namedFrame(text: string, start: number, from: number, paren: number): FoundFrame | undefined {
  const open = paren + 2;
  const end = endOfLocation(text, open);
  if (end === -1) return undefined;
  const location = locationOf(text, open, end);
  if (!location) return undefined;
  return foundFrame(start, end + 1, functionIn(text, from, paren), location);
}

function foundFrame(start: number, end: number, name: string | undefined, location: Location): FoundFrame {
  return {
    start,
    end,
    function: name,
    module: undefined,
    file: location.file,
    line1: location.line1,
    column1: location.column1,
    readable: undefined,
    inApp: isInApp(location.file),
  };
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
  /(?:async )?((?:[a-z][\w+.-]*:|[A-Za-z]:[\\/]|[./<\\]|[\w@-]+[./\\]|native(?=:)).*?:\d+:\d+)(?=$|[\s"',}\]\\)])/iy;

function bareFrame(text: string, start: number, from: number): FoundFrame | undefined {
  if (isPlainPath(text, from)) {
    const location = locationOf(text, from, text.length);
    return location && !isOfOtherLanguage(location.file)
      ? foundFrame(start, text.length, undefined, location)
      : undefined;
  }
  bareLocation.lastIndex = from;
  const match = hasLineAndColumn(text, from) ? bareLocation.exec(text) : null;
  const unit = text.charCodeAt(from);
  if (!match && unit === 119 && text.startsWith('wasm://', from)) return wasmFrame(text, start, from);
  if (match) {
    const path = match[1] ?? '';
    const location = locationOf(path, 0, path.length);
    // Prose has spaces where a path rarely has: `at 2026-11-23 10:12:30`.
    if (!location?.file || !isPathLike(location.file) || isOfOtherLanguage(location.file)) return undefined;
    return foundFrame(start, bareLocation.lastIndex, undefined, location);
  }
  if (unit !== 60 && unit !== 110) return undefined;
  const rest = text.slice(from).trimEnd();
  if (rest === 'native' || rest === '<anonymous>') return foundFrame(start, from + rest.length, undefined, nowhere);
  return undefined;
}

/** `/app/src/a.ts:12:5`: nothing that may end a place stands before the line's end. */
function isPlainPath(text: string, from: number): boolean {
  if (text.charCodeAt(from) !== 47) return false;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit <= 32 || unit > 126 || locationEnds[unit] === 1) return false;
  }
  return true;
}

const locationEnds = tableOf(`"',}])\\`);

/** True when `:1:2` stands somewhere, as in few frames of other languages. */
function hasLineAndColumn(text: string, from: number): boolean {
  for (let colon = text.indexOf(':', from); colon !== -1; ) {
    const end = digitsEnd(text, colon + 1);
    if (end === text.length) return false;
    if (end > colon + 1 && text.charCodeAt(end) === 58 && isDigit(text.charCodeAt(end + 1))) return true;
    colon = text.indexOf(':', end);
  }
  return false;
}

/** `at wasm://wasm/0012ab:wasm-function[12]:0x1f4`: a function without a name. */
function wasmFrame(text: string, start: number, from: number): FoundFrame | undefined {
  const file = /^\S{1,1000}:0x[0-9a-f]{1,16}(?=$|[\s"',}\]\\])/.exec(text.slice(from, from + 1100))?.[0];
  return file === undefined ? undefined : foundFrame(start, from + file.length, undefined, { ...nowhere, file });
}

/** Rust and debuggers write `at src/main.rs:3:5` too. */
const otherLanguage = /\.(?:rs|c|cc|cpp|cxx|hh?|hpp|mm?|s|swift|zig)$/i;

function isOfOtherLanguage(file: string | undefined): boolean {
  return (
    file !== undefined &&
    lastOf(file, 46, Math.max(0, file.length - maxEnding), file.length) !== -1 &&
    otherLanguage.test(file)
  );
}

const maxEnding = '.swift'.length;

function isPathLike(file: string): boolean {
  return /[/\\]|^[a-z][\w+.-]*:|^(?:<anonymous>|native)$/i.test(file) || /^[^\s]+\.\w{1,5}$/.test(file);
}

/** What stands between two places of a line; `undefined` when it is no location. */
function locationOf(text: string, from: number, to: number): Location | undefined {
  let last = to - 1;
  while (last > from && isDigit(text.charCodeAt(last))) last--;
  if (text.charCodeAt(last) !== 58 || last === to - 1) return unplaced(text.slice(from, to));
  let middle = last - 1;
  while (middle > from && isDigit(text.charCodeAt(middle))) middle--;
  const column1 = numberIn(text, last + 1, to);
  const line1 = numberIn(text, middle + 1, last);
  // V8 always prints line and column: with one number it is another language's frame.
  if (middle <= from || text.charCodeAt(middle) !== 58 || column1 === -1 || line1 === -1) {
    return unplaced(text.slice(from, to));
  }
  if (text.charCodeAt(from) === 101 && text.startsWith('eval at ', from)) return unplaced(text.slice(from, to));
  return { file: decodeFile(text.slice(from, middle)), line1, column1 };
}

/** A location without line and column. */
function unplaced(text: string): Location | undefined {
  if (text === 'native' || text === '<anonymous>' || /^index \d+$/.test(text)) return nowhere;
  if (text.startsWith('eval at ')) {
    const origin = evalOrigin(text);
    return locationOf(origin, 0, origin.length) ?? nowhere;
  }
  return text.startsWith('wasm://') && text.includes(':', 7) ? { ...nowhere, file: text } : undefined;
}

/** `eval at a (eval at b (/app/x.js:1:2), <anonymous>:1:1)`: the file whose code called eval. */
function evalOrigin(text: string): string {
  const open = text.lastIndexOf(' (');
  const close = text.indexOf(')', open);
  return open === -1 || close === -1 ? '' : text.slice(open + 2, close);
}

/** A `file:` URL as the path it names; other URLs without their query. */
export function decodeFile(file: string): string {
  // Paths, which most frames have, are none.
  if (file.charCodeAt(0) === 47) return file;
  if (file.charCodeAt(0) === 102 && file.startsWith('file://')) {
    const path = percentDecoded(withoutQuery(file.slice('file://'.length)));
    if (!path.startsWith('/')) return `//${path}`;
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  }
  return file.includes('://') && /^[a-z][\w+.-]+:\/\//i.test(file) ? withoutQuery(file) : file;
}

function withoutQuery(url: string): string {
  const query = url.indexOf('?');
  const hash = url.indexOf('#');
  const at = query === -1 || (hash !== -1 && hash < query) ? hash : query;
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

function functionIn(text: string, from: number, to: number): string | undefined {
  const isAsync = text.charCodeAt(from) === 97 && text.startsWith('async ', from);
  const start = isAsync ? from + 'async '.length : from;
  return start >= to ? undefined : text.slice(start, to);
}

/** Schemes and places of what nobody of the team wrote. */
const foreign =
  /^(?:(?:node|internal|data|blob|wasm|ext|deno|bun|native|chrome-extension|moz-extension|devtools|resource|chrome):|(?:native|self-hosted)$|internal\/|<)/;
/** Files of Node's own library before they had a scheme. */
const oldCore =
  /^(?:_?[a-z]+_[a-z_]+|assert|async_hooks|buffer|child_process|cluster|crypto|dgram|dns|domain|events|fs|http|https|module|net|os|path|process|punycode|querystring|readline|repl|stream|timers|tls|tty|url|util|v8|vm|zlib|bootstrap_node)\.js$/;
const installed = /[/\\](?:node_modules|\.yarn|\.pnp)[/\\]|webpack\/(?:bootstrap|runtime)/;

export function isInApp(file: string | undefined): boolean {
  if (file === undefined || installed.test(file)) return false;
  if (file.charCodeAt(0) === 47) return true;
  return !foreign.test(file) && (file.includes('/') || !(file.endsWith('.js') && oldCore.test(file)));
}
