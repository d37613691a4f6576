/** Traces of Elixir, and of Erlang as its shell and its crash reports print them. */

import type { TextLine, TextLines } from '../textLines.ts';
import { clue } from './clues.ts';
import { looksLikePrefix, marginBefore } from './linePrefix.ts';
import { type FoundFrame, newFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const beamTraces: TraceParser = {
  language: 'beam',
  clues: clue.beam,
  read(lines, index, floor) {
    const line = lines.at(index);
    if (!line) return undefined;
    return readTerms(lines, index, floor, line) ?? readLines(lines, index, floor, line);
  },
};

/** `(app 1.2.3) lib/a.ex:12: Acme.Loader.read/1`, each part before the file optional. */
const elixirFrame =
  /(?:\(([\w-]{1,60})(?: [\w.+-]{1,40})?\) )?([\w./@+-]{1,500}\.(?:exs?|eex|leex|heex|erl|hrl|yrl|xrl)):(\d{1,9}): (.*\S)/y;
/** `in function  a:read/1 (a.erl, line 3)`, `in call from lists:map/2 (lists.erl, line 1559)`. */
const shellFrame = /in (?:function|call from) +(\S{1,200}\/\d{1,3})(?: \(([^,()]{1,300}), line (\d{1,9})\))?/y;

function elixirFrameOn(text: string): FoundFrame | undefined {
  if (!text.includes(': ')) return undefined;
  const extension = /\.(?:exs?|l?eex|heex|erl|hrl|yrl|xrl):\d/.exec(text);
  if (!extension) return undefined;
  let start = extension.index;
  while (start > 0 && text.charCodeAt(start - 1) > 32) start--;
  if (text.charCodeAt(start - 2) === 41) {
    const open = text.lastIndexOf('(', start);
    if (open !== -1 && start - open < 110) start = open;
  }
  if (!looksLikePrefix(text, start)) return undefined;
  elixirFrame.lastIndex = start;
  const match = elixirFrame.exec(text);
  if (!match) return undefined;
  const [whole, app, file = '', line1, called = ''] = match;
  return {
    start,
    end: start + whole.length,
    file,
    line1: Number(line1),
    ...namesOf(called),
    inApp: isInApp(app, file, called),
  };
}

function shellFrameOn(text: string): FoundFrame | undefined {
  const start = text.indexOf('in function');
  const from = start === -1 ? text.indexOf('in call from') : start;
  if (from === -1 || !looksLikePrefix(text, from)) return undefined;
  shellFrame.lastIndex = from;
  const match = shellFrame.exec(text);
  if (!match) return undefined;
  const [whole, called = '', file, line1] = match;
  return {
    start: from,
    end: from + whole.length,
    file,
    line1: line1 === undefined ? undefined : Number(line1),
    ...namesOf(called),
    inApp: file !== undefined && isInApp(undefined, file, called),
  };
}

/** A frame without a file: `:erlang.binary_to_integer("x")`, `(stdlib 4.2) :lists.map/2`. */
function bareFrameOn(text: string, column: number): FoundFrame | undefined {
  if (text.length <= column + 2) return undefined;
  const match =
    /^(?:\([\w-]{1,60}(?: [\w.+-]{1,40})?\) )?((?::?[a-z]\w*|[A-Z][\w.]*)\.[^\s()]+(?:\/\d{1,3}|\(.*\)))\s*$/.exec(
      text.slice(column),
    );
  if (!match) return undefined;
  const end = text.trimEnd().length;
  return { start: column, end, file: undefined, line1: undefined, ...namesOf(match[1] ?? ''), inApp: false };
}

function readLines(lines: TextLines, index: number, floor: number, line: TextLine): ReadTraces | undefined {
  const first = elixirFrameOn(line.text) ?? shellFrameOn(line.text);
  if (!first) return undefined;
  const draft = new TraceDraft('beam');
  let start = index;
  // Calls into what has no file stand above the first frame that has one.
  while (start > floor && start > index - 3 && !lines.at(start)?.opens) {
    const above = lines.at(start - 1);
    if (!above || !bareFrameOn(above.text, first.start)) break;
    start--;
  }
  nameFromAbove(lines, start, floor, marginBefore(line.text, first.start), draft);
  let next = start;
  for (let at = start; ; at++) {
    const below = lines.at(at);
    if (!below || (at > start && below.opens)) break;
    if (below.text.length < first.start) break;
    const frame =
      at === index
        ? first
        : (elixirFrameOn(below.text) ?? shellFrameOn(below.text) ?? bareFrameOn(below.text, first.start));
    if (!frame) {
      // Erlang's shell shows the source of a call below it.
      if (/^\s+(?:\*\*\* argument|%|\|)/.test(below.text)) continue;
      break;
    }
    draft.addFrame(newFrame(below, frame));
    next = at + 1;
  }
  return draft.frames.length === 0 ? undefined : { traces: [draft.finish()], next };
}

const maxMessageLines = 64;
const elixirHeader = /\*\* \(([A-Z][\w.]*|exit|throw|EXIT from #PID<[\d.]+>)\) ?(.*)$/;
const erlangHeader = /exception (error|exit|throw): (.*)$/;

function nameFromAbove(lines: TextLines, first: number, floor: number, margin: number, draft: TraceDraft): void {
  for (let index = first - 1; index >= Math.max(floor, first - maxMessageLines); index--) {
    if (lines.at(index + 1)?.opens) return;
    const line = lines.at(index);
    if (!line || elixirFrameOn(line.text)) return;
    const match = line.text.includes('** ')
      ? (elixirHeader.exec(line.text) ?? erlangHeader.exec(line.text))
      : erlangHeader.exec(line.text);
    if (!match) continue;
    let message = match[2] ?? '';
    for (let below = index + 1; below < first; below++) message += `\n${lines.at(below)?.text.slice(margin) ?? ''}`;
    message = message.trim();
    draft.name({
      type: match[1] ?? '',
      ...(message === '' ? {} : { message }),
      start: line.startOf(match.index),
      index,
    });
    return;
  }
}

/** `{a,read,1,[{file,"a.erl"},{line,3}]}`: a frame as Erlang's terms have it; the third is the arity or the arguments. */
const term =
  /\{('[^'\n]{1,200}'|[a-z]\w{0,200}),\s*('[^'\n]{1,200}'|[a-z]\w{0,200}),\s*(\d{1,3}|\[[^\][\n]{0,500}\]),\s*\[(?:\{file,\s*\\?"([^"\n]{1,500}?)\\?"\},\s*\{line,\s*(\d{1,9})\})?[^\]\n]{0,200}\]\}/g;

function readTerms(lines: TextLines, index: number, floor: number, line: TextLine): ReadTraces | undefined {
  if (!line.text.includes('{file,')) return undefined;
  const draft = new TraceDraft('beam');
  let first = index;
  // Calls into what has no file stand above the first frame that has one.
  while (first > floor && first > index - maxBareTerms && !lines.at(first)?.opens) {
    if ((lines.at(first - 1)?.text ?? '').search(term) === -1) break;
    first--;
  }
  let next = index;
  let hasLine = false;
  for (let at = first; ; at++) {
    const below = lines.at(at);
    if (!below || (at > first && below.opens)) break;
    let found = false;
    for (const match of below.text.matchAll(term)) {
      if (draft.frames.length === 0) reasonBefore(lines, at, floor, below, match.index, draft);
      draft.addFrame(newFrame(below, frameOfTerm(match)));
      hasLine ||= match[5] !== undefined;
      found = true;
    }
    if (!found) break;
    next = at + 1;
  }
  return hasLine && next > index ? { traces: [draft.finish()], next } : undefined;
}

const maxBareTerms = 8;

function frameOfTerm(match: RegExpExecArray): FoundFrame {
  const [whole, module = '', name = '', third = '', file, line1] = match;
  const arity = /^\d/.test(third) ? third : String(third === '[]' ? 0 : third.split(',').length);
  const plain = name.replaceAll("'", '');
  return {
    start: match.index,
    end: match.index + whole.length,
    module: module.replaceAll("'", '').replace(/^Elixir\./, ''),
    function: `${plain}/${arity}`,
    file,
    line1: line1 === undefined ? undefined : Number(line1),
    column1: undefined,
    readable: readableBeamName(plain),
    inApp: file !== undefined && isInApp(undefined, file, `${module}:`),
  };
}

/** The term before the list of frames, in its line or in the one above: `{{bad,"x"},[{a,read,…`. */
function reasonBefore(
  lines: TextLines,
  index: number,
  floor: number,
  line: TextLine,
  end: number,
  draft: TraceDraft,
): void {
  const own = line.text.slice(0, end).replace(/\s*\[$/, '');
  const opening = own.search(/[{[]/);
  const above = opening === -1 && index > floor && !line.opens ? (lines.at(index - 1)?.text ?? '') : '';
  const printed = opening === -1 ? above.slice(Math.max(0, above.search(/[{[]/))) : own.slice(opening);
  let reason = printed
    .trim()
    .replace(/,$/, '')
    .replace(/^\{'EXIT',\s*/, '');
  // The brace that holds the reason and the list of frames.
  if (reason.startsWith('{') && reason.split('{').length > reason.split('}').length) reason = reason.slice(1);
  if (reason !== '' && reason.length < 1000) draft.message = reason;
}

/** Module and function of `Acme.Loader.read/1`, `:lists.map/2`, `a:read/1`, `anonymous fn/1 in Acme.Loader.read/1`. */
function namesOf(called: string): Pick<FoundFrame, 'function' | 'module' | 'readable' | 'column1'> {
  const inside = called.lastIndexOf(' in ');
  const own = called.startsWith('anonymous fn') && inside !== -1 ? called.slice(inside + 4) : called;
  const [, module, name] = /^((?::?[a-z]\w*|[A-Z]\w*(?:\.[A-Z]\w*)*))[.:](.+)$/.exec(own) ?? [];
  if (module === undefined || name === undefined) {
    return { function: called, module: undefined, readable: undefined, column1: undefined };
  }
  const readable = readableBeamName(name.replace(/(?:\/\d{1,3}|\(.*\))$/, ''));
  const isAnonymous = own !== called;
  return {
    module: module.replace(/^:/, ''),
    function: isAnonymous ? `${called.slice(0, inside)} in ${name}` : name.replace(/\(.*\)$/, ''),
    readable: isAnonymous ? `${readable} (fn)` : readable,
    column1: undefined,
  };
}

/** `-map/2-lists^map/1-0-` and `-main/0-fun-0-` stand in `map` and `main`. */
function readableBeamName(name: string): string {
  return /^"?-([\w?!]+)\/\d+-/.exec(name)?.[1] ?? name;
}

/** Applications of the languages themselves and of what most services are built on. */
const foreignApp =
  /^(?:elixir|eex|ex_unit|iex|logger|mix|stdlib|kernel|erts|compiler|crypto|ssl|inets|sasl|runtime_tools|ecto|ecto_sql|phoenix\w*|plug\w*|cowboy|cowlib|ranch|bandit|thousand_island|db_connection|postgrex|myxql|jason|poison|telemetry\w*|oban|broadway\w*|gen_stage|flow|finch|mint|hackney|tesla|req|absinthe\w*|ex_aws\w*|nimble_\w+|castore|gettext|swoosh|rabbit\w*|amqp\w*)$/;
/** Modules of Erlang's own library that stand in most traces. */
const foreignModule =
  /^:?(?:erl_\w+|erlang|init|lists|maps|gen|gen_server|gen_statem|gen_event|proc_lib|supervisor|shell|timer|ets|dets|mnesia\w*|io|io_lib|file|code|code_server|application\w*|rpc|error_handler|elixir\w*|binary|string|unicode|re|ssl\w*|inet\w*|gen_tcp|cowboy\w*|ranch\w*|eval_bits|escript|user_drv|group|logger\w*)[.:]/;

function isInApp(app: string | undefined, file: string, called: string): boolean {
  if (/(?:^|\/)deps\//.test(file) || (app !== undefined && foreignApp.test(app))) return false;
  return !(file.endsWith('.erl') && foreignModule.test(called));
}
