/** Reads one frame of Elixir or of Erlang's shell, and the names that both print. */

import {
  digitsEnd,
  isDigit,
  isWordPart,
  lastOf,
  numberIn,
  tableOf,
  trimmedLength,
  wordCharacters,
} from './characters.ts';
import { looksLikePrefix } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';

/** `in function  a:read/1 (a.erl, line 3)`, `in call from lists:map/2 (lists.erl, line 1559)`. */
const shellFrame = /in (?:function|call from) +(\S{1,200}\/\d{1,3})(?: \(([^,()]{1,300}), line (\d{1,9})\))?/y;

/** `(app 1.2.3) lib/a.ex:12: Acme.Loader.read/1`, each part before the file optional. */
export function elixirFrameOn(text: string): FoundFrame | undefined {
  const colon = endOfFile(text);
  if (colon === -1) return undefined;
  const digits = digitsEnd(text, colon + 1);
  const line1 = numberIn(text, colon + 1, digits);
  if (line1 === -1 || text.charCodeAt(digits) !== 58 || text.charCodeAt(digits + 1) !== 32) return undefined;
  const end = trimmedLength(text);
  if (end <= digits + 2) return undefined;
  let fileStart = colon;
  while (fileStart > 0 && isFilePart(text.charCodeAt(fileStart - 1))) fileStart--;
  const name = colon - extensionLength(text, colon);
  if (fileStart >= name || name - fileStart > maxFile || (fileStart > 0 && text.charCodeAt(fileStart - 1) > 32))
    return undefined;
  let start = fileStart;
  let app: string | undefined;
  if (text.charCodeAt(fileStart - 2) === 41) {
    const open = lastOf(text, 40, 0, fileStart);
    if (open !== -1 && fileStart - open < 110) {
      if (text.charCodeAt(fileStart - 1) !== 32) return undefined;
      app = applicationIn(text, open + 1, fileStart - 2);
      if (app === undefined) return undefined;
      start = open;
    }
  }
  if (!looksLikePrefix(text, start)) return undefined;
  const file = text.slice(fileStart, colon);
  const called = text.slice(digits + 2, end);
  return frameOf(start, end, called, file, line1, isBeamInApp(app, file, called));
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
  const last = text.charCodeAt(end - 1);
  if (last === 108) return /^\.[ehyx]r$/.test(text.slice(end - 4, end - 1)) ? 4 : 0;
  if (last === 115) return text.startsWith('.ex', end - 4) ? 4 : 0;
  if (last !== 120) return 0;
  if (text.startsWith('.e', end - 3)) return 3;
  if (text.startsWith('.ee', end - 4)) return 4;
  return text.startsWith('.lee', end - 5) || text.startsWith('.hee', end - 5) ? 5 : 0;
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

export function shellFrameOn(text: string): FoundFrame | undefined {
  const start = text.indexOf('in function');
  const from = start === -1 ? text.indexOf('in call from') : start;
  if (from === -1 || !looksLikePrefix(text, from)) return undefined;
  shellFrame.lastIndex = from;
  const match = shellFrame.exec(text);
  if (!match) return undefined;
  const [whole, called = '', file, line1] = match;
  return frameOf(
    from,
    from + whole.length,
    called,
    file,
    line1 === undefined ? undefined : Number(line1),
    file !== undefined && isBeamInApp(undefined, file, called),
  );
}

/** A frame without a file: `:erlang.binary_to_integer("x")`, `(stdlib 4.2) :lists.map/2`. */
export function bareFrameOn(text: string, column: number): FoundFrame | undefined {
  if (text.length <= column + 2) return undefined;
  // Prose rarely ends in a digit or a parenthesis.
  const end = trimmedLength(text);
  const last = text.charCodeAt(end - 1);
  if (last !== 41 && !isDigit(last)) return undefined;
  const match =
    /^(?:\([\w-]{1,60}(?: [\w.+-]{1,40})?\) )?((?::?[a-z]\w*|[A-Z]\w*)\.[^\s()]+(?:\/\d{1,3}|\(.*\)))\s*$/.exec(
      text.slice(column),
    );
  if (!match) return undefined;
  return frameOf(column, end, match[1] ?? '', undefined, undefined, false);
}

/** Module and function of `Acme.Loader.read/1`, `:lists.map/2`, `a:read/1`, `anonymous fn/1 in Acme.Loader.read/1`. */
function frameOf(
  start: number,
  end: number,
  called: string,
  file: string | undefined,
  line1: number | undefined,
  inApp: boolean,
): FoundFrame {
  const inside = called.startsWith('anonymous fn') ? called.lastIndexOf(' in ') : -1;
  const own = inside === -1 ? called : called.slice(inside + 4);
  const separator = moduleEnd(own);
  const name = own.slice(separator + 1);
  const open = name.charCodeAt(name.length - 1) === 41 ? name.indexOf('(') : -1;
  const plain = open === -1 ? name : name.slice(0, open);
  const arity = open === -1 ? arityStart(name) : -1;
  const readable = readableBeamName(arity === -1 ? plain : name.slice(0, arity));
  const isAnonymous = inside !== -1;
  const isNamed = separator !== -1;
  return {
    start,
    end,
    function: isNamed ? (isAnonymous ? `${called.slice(0, inside)} in ${name}` : plain) : called,
    module: isNamed ? own.slice(own.charCodeAt(0) === 58 ? 1 : 0, separator) : undefined,
    file,
    line1,
    column1: undefined,
    readable: isNamed ? (isAnonymous ? `${readable} (fn)` : readable) : undefined,
    inApp,
  };
}

/** Where the module of `Acme.Loader.read/1` or `:lists.map/2` ends; -1 when there is none. */
function moduleEnd(called: string): number {
  const from = called.charCodeAt(0) === 58 ? 1 : 0;
  const first = called.charCodeAt(from);
  const isUpper = first >= 65 && first <= 90;
  if (isUpper ? from === 1 : first < 97 || first > 122) return -1;
  let end = wordEnd(called, from);
  let before = -1;
  // Only Elixir's modules have several parts.
  for (let next = called.charCodeAt(end + 1); next >= 65 && next <= 90; next = called.charCodeAt(end + 1)) {
    if (!isUpper || called.charCodeAt(end) !== 46) break;
    before = end;
    end = wordEnd(called, end + 1);
  }
  const unit = called.charCodeAt(end);
  return (unit === 46 || unit === 58) && end + 1 < called.length ? end : before;
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (isWordPart(text.charCodeAt(at))) at++;
  return at;
}

/** Where the slash before one to three digits at the end stands; -1 when there is none. */
function arityStart(name: string): number {
  let at = name.length - 1;
  while (at > name.length - 4 && isDigit(name.charCodeAt(at))) at--;
  return at < name.length - 1 && name.charCodeAt(at) === 47 ? at : -1;
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
  /^:?(?:erl_\w+|erlang|init|lists|maps|gen|gen_server|gen_statem|gen_event|proc_lib|supervisor|shell|timer|ets|dets|mnesia\w*|io|io_lib|file|code|code_server|application\w*|rpc|error_handler|elixir\w*|binary|string|unicode|re|ssl\w*|inet\w*|gen_tcp|cowboy\w*|ranch\w*|eval_bits|escript|user_drv|group|logger\w*)[.:]/;

export function isBeamInApp(app: string | undefined, file: string, called: string): boolean {
  if ((file.includes('deps/') && /(?:^|\/)deps\//.test(file)) || (app !== undefined && foreignApp.test(app)))
    return false;
  return !(file.endsWith('.erl') && foreignModule.test(called));
}
