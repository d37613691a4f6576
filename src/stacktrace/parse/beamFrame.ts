/** Reads one frame of Elixir or of Erlang's shell, and the names that both print. */

import type { TextLine } from '../textLines.ts';
import {
  digitsEnd,
  firstOf,
  isDigit,
  isUpperCase,
  isWordPart,
  lastOf,
  numberIn,
  tableOf,
  trimmedLength,
  wordCharacters,
} from './characters.ts';
import { looksLikePrefix } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';

/** `in function  a:read/1 (a.erl, line 3)`, `in call from lists:map/2 (lists.erl:1559)`. */
const shellFrame = /(in (?:function|call from) +)(\S{1,200}\/\d{1,3})(?: \(([^,()]{1,300})(?:, line |:)(\d{1,9})\))?/y;

/** `(app 1.2.3) lib/a.ex:12: Acme.Loader.read/1`, each part before the file optional. */
export function elixirFrameOn(line: TextLine): FoundFrame | undefined {
  const { chars, from, text } = line;
  const fileEnd = from + endOfFile(text);
  if (fileEnd < from) return undefined;
  const to = from + trimmedLength(text);
  const digits = digitsEnd(chars, fileEnd + 1);
  if (digits + 2 >= to || chars.charCodeAt(digits) !== 58 || chars.charCodeAt(digits + 1) !== 32) return undefined;
  const line1 = numberIn(chars, fileEnd + 1, digits);
  if (line1 === -1) return undefined;
  let fileStart = fileEnd;
  while (fileStart > from && isFilePart(chars.charCodeAt(fileStart - 1))) fileStart--;
  const name = fileEnd - extensionLength(chars, fileEnd);
  if (fileStart >= name || name - fileStart > maxFile) return undefined;
  if (fileStart > from && chars.charCodeAt(fileStart - 1) > 32) return undefined;
  let start = fileStart;
  let app: string | undefined;
  if (fileStart - from >= 2 && chars.charCodeAt(fileStart - 2) === 41) {
    const open = lastOf(chars, 40, Math.max(from, fileStart - 109), fileStart);
    if (open !== -1) {
      if (chars.charCodeAt(fileStart - 1) !== 32) return undefined;
      app = applicationIn(chars, open + 1, fileStart - 2);
      if (app === undefined) return undefined;
      start = open;
    }
  }
  if (!looksLikePrefix(text, start - from)) return undefined;
  const file = chars.slice(fileStart, fileEnd);
  const inApp = isBeamInApp(app, file, chars, digits + 2);
  return frameOf(line, start - from, digits + 2 - from, to - from, file, line1, inApp);
}

const maxFile = 500;

/** The colon between the name of a source file and a number; -1 when there is none. */
function endOfFile(text: string): number {
  for (let colon = text.indexOf(':', 3); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    if (isDigit(text.charCodeAt(colon + 1)) && extensionLength(text, colon) > 0) return colon;
  }
  return -1;
}

/** How long the `.ex`, `.exs`, `.eex`, `.leex`, `.heex`, `.erl`, `.hrl`, `.yrl` or `.xrl` before `end` is; 0 for none. */
function extensionLength(text: string, end: number): number {
  switch (text.charCodeAt(end - 1)) {
    case 108: {
      const kind = text.charCodeAt(end - 3);
      const isKnown = kind === 101 || kind === 104 || kind === 121 || kind === 120;
      return isKnown && text.charCodeAt(end - 2) === 114 && text.charCodeAt(end - 4) === 46 ? 4 : 0;
    }
    case 115:
      return text.startsWith('.ex', end - 4) ? 4 : 0;
    case 120:
      if (text.charCodeAt(end - 2) !== 101) return 0;
      if (text.charCodeAt(end - 3) === 46) return 3;
      if (text.startsWith('.e', end - 4)) return 4;
      return text.startsWith('.le', end - 5) || text.startsWith('.he', end - 5) ? 5 : 0;
    default:
      return 0;
  }
}

/** `app` or `app 1.2.3`. */
function applicationIn(text: string, from: number, to: number): string | undefined {
  let end = from;
  while (end < to && (isWordPart(text.charCodeAt(end)) || text.charCodeAt(end) === 45)) end++;
  if (end === from || end - from > 60) return undefined;
  if (end < to) {
    if (text.charCodeAt(end) !== 32 || to - end > 41 || to - end < 2) return undefined;
    for (let at = end + 1; at < to; at++) {
      const unit = text.charCodeAt(at);
      if (!isFilePart(unit) || unit === 47 || unit === 64) return undefined;
    }
  }
  return text.slice(from, end);
}

const fileParts = tableOf(`${wordCharacters}./@+-`);

function isFilePart(unit: number): boolean {
  return unit < 128 && fileParts[unit] === 1;
}

export function shellFrameOn(line: TextLine): FoundFrame | undefined {
  const { text } = line;
  const start = text.indexOf('in function');
  const from = start === -1 ? text.indexOf('in call from') : start;
  if (from === -1 || !looksLikePrefix(text, from)) return undefined;
  shellFrame.lastIndex = from;
  const match = shellFrame.exec(text);
  if (!match) return undefined;
  const [whole, before = '', called = '', file, printed] = match;
  const calledStart = from + before.length;
  const line1 = printed === undefined ? undefined : Number(printed);
  const inApp = file !== undefined && isBeamInApp(undefined, file, called, 0);
  const found = frameOf(line, from, calledStart, calledStart + called.length, file, line1, inApp);
  return { ...found, end: from + whole.length };
}

/** A frame without a file: `:erlang.binary_to_integer("x")`, `(stdlib 4.2) :lists.map/2`. */
export function bareFrameOn(line: TextLine, column: number): FoundFrame | undefined {
  const { text } = line;
  if (text.length <= column + 2) return undefined;
  // Prose rarely ends in a digit or a parenthesis.
  const end = trimmedLength(text);
  const last = text.charCodeAt(end - 1);
  if (last !== 41 && !isDigit(last)) return undefined;
  const match = bareFrame.exec(text.slice(column, end));
  return match ? frameOf(line, column, column + (match[1] ?? '').length, end, undefined, undefined, false) : undefined;
}

const bareFrame = /^(\([\w-]{1,60}(?: [\w.+-]{1,40})?\) )?(?::?[a-z]\w*|[A-Z]\w*)\.[^\s()]+(?:\/\d{1,3}|\(.*\))$/;

/**
 * Module and function of `Acme.Loader.read/1`, `:lists.map/2`, `a:read/1`, `anonymous fn/1 in Acme.Loader.read/1`.
 * @param calledStart where that stands in the line, up to the frame's end
 */
function frameOf(
  line: TextLine,
  start: number,
  calledStart: number,
  end: number,
  file: string | undefined,
  line1: number | undefined,
  inApp: boolean,
): FoundFrame {
  const { chars, from } = line;
  const to = from + end;
  const called = from + calledStart;
  const isAnonymous = chars.charCodeAt(called) === 97 && chars.startsWith(anonymous, called);
  const inside = isAnonymous ? line.text.lastIndexOf(' in ') : -1;
  const own = inside < calledStart ? called : from + inside + 4;
  const separator = moduleEnd(chars, own, to);
  if (separator === -1) {
    const name = chars.slice(called, to);
    return {
      start,
      end,
      function: name,
      module: undefined,
      file,
      line1,
      column1: undefined,
      readable: undefined,
      inApp,
    };
  }
  const open = chars.charCodeAt(to - 1) === 41 ? firstOf(chars, 40, separator + 1, to) : -1;
  const arity = open === -1 ? arityStart(chars, separator + 1, to) : -1;
  const plain = chars.slice(separator + 1, open === -1 ? to : open);
  const readable = readableBeamName(arity === -1 ? plain : chars.slice(separator + 1, arity));
  const isWithin = own !== called;
  return {
    start,
    end,
    function: isWithin ? chars.slice(called, own) + chars.slice(separator + 1, to) : plain,
    module: chars.slice(chars.charCodeAt(own) === 58 ? own + 1 : own, separator),
    file,
    line1,
    column1: undefined,
    readable: isWithin ? `${readable} (fn)` : readable,
    inApp,
  };
}

const anonymous = 'anonymous fn';

/** Where the module of `Acme.Loader.read/1` or `:lists.map/2` ends; -1 when there is none. */
function moduleEnd(text: string, start: number, to: number): number {
  const from = text.charCodeAt(start) === 58 ? start + 1 : start;
  const first = text.charCodeAt(from);
  const isUpper = isUpperCase(first);
  if (isUpper ? from > start : first < 97 || first > 122) return -1;
  let end = wordEnd(text, from, to);
  let before = -1;
  // Only Elixir's modules have several parts.
  if (isUpper) {
    while (end + 1 < to && text.charCodeAt(end) === 46 && isUpperCase(text.charCodeAt(end + 1))) {
      before = end;
      end = wordEnd(text, end + 1, to);
    }
  }
  const unit = text.charCodeAt(end);
  return (unit === 46 || unit === 58) && end + 1 < to ? end : before;
}

function wordEnd(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isWordPart(text.charCodeAt(at))) at++;
  return at;
}

/** Where the slash before one to three digits at the end stands; -1 when there is none. */
function arityStart(text: string, from: number, to: number): number {
  let at = to - 1;
  while (at > to - 4 && at > from && isDigit(text.charCodeAt(at))) at--;
  return at < to - 1 && text.charCodeAt(at) === 47 ? at : -1;
}

/** `-map/2-lists^map/1-0-` and `-main/0-fun-0-` stand in `map` and `main`. */
export function readableBeamName(name: string): string {
  const first = name.charCodeAt(0);
  if (first !== 34 && first !== 45) return name;
  return /^"?-([\w?!]+)\/\d+-/.exec(name)?.[1] ?? name.replace(/^"(.*)"$/, '$1');
}

/** Applications of the languages themselves and of what most services are built on. */
const foreignApp =
  /^(?:elixir|eex|ex_unit|iex|logger|mix|stdlib|kernel|erts|compiler|crypto|ssl|inets|sasl|runtime_tools|ecto|ecto_sql|phoenix\w*|plug\w*|cowboy|cowlib|ranch|bandit|thousand_island|db_connection|postgrex|myxql|jason|poison|telemetry\w*|oban|broadway\w*|gen_stage|flow|finch|mint|hackney|tesla|req|absinthe\w*|ex_aws\w*|nimble_\w+|castore|gettext|swoosh|rabbit\w*|amqp\w*)$/;
/** Modules of Erlang's own library that stand in most traces. */
const foreignModule =
  /:?(?:erl_\w+|erlang|init|lists|maps|gen|gen_server|gen_statem|gen_event|proc_lib|supervisor|shell|timer|ets|dets|mnesia\w*|io|io_lib|file|code|code_server|application\w*|rpc|error_handler|elixir\w*|binary|string|unicode|re|ssl\w*|inet\w*|gen_tcp|cowboy\w*|ranch\w*|eval_bits|escript|user_drv|group|logger\w*)(?:[.:]|$)/y;

/** @param called where what was called, or its module, stands in `text` */
export function isBeamInApp(app: string | undefined, file: string, text: string, called: number): boolean {
  if (file.includes('deps/') && /(?:^|\/)deps\//.test(file)) return false;
  if (app !== undefined && foreignApp.test(app)) return false;
  if (file.charCodeAt(file.length - 1) !== 108 || !file.endsWith('.erl')) return true;
  foreignModule.lastIndex = called;
  return !foreignModule.test(text);
}
