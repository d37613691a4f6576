/** Traces of CPython and PyPy: tracebacks, their chains, and exception groups nested by indentation and `|`. */

import { clue } from './clues.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import type { Frame } from '../trace.ts';
import { type Header, headerOn, maxMessageLength } from './header.ts';
import { type FoundFrame, newFrame } from './newFrame.ts';
import { readFault, readNotebook } from './pythonOther.ts';
import { messageBelow, TracebackContext } from './pythonMessage.ts';
import { isInAppPython } from './pythonPath.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const pythonTraces: TraceParser = {
  language: 'python',
  clues: clue.python,
  read(lines, line, index, floor) {
    const isOpening = line.text.includes(traceback);
    if (!isOpening && !frameOn(line.text)) return readNotebook(lines, index, line);
    const fault = isOpening ? undefined : readFault(lines, index, floor, line);
    if (fault) return fault;
    const read = readChain(lines, index, 0, new TracebackContext(lines, index, floor));
    if (!read) return undefined;
    const thread = isOpening && index > floor && !line.opens ? threadOn(lines.at(index - 1)) : undefined;
    if (thread !== undefined) read.draft.thread = thread;
    if (isOpening && read.draft.type === undefined && index > floor && !line.opens)
      nameByLambda(read.draft, lines, index);
    return { draft: read.draft, next: read.next };
  },
};

/** `Exception in thread Thread-1 (load):` above a traceback. */
function threadOn(line: TextLine | undefined): string | undefined {
  if (!line?.text.includes('Exception in thread ')) return undefined;
  return /Exception in thread (.{1,200}):\s*$/.exec(line.text)?.[1];
}

/** AWS Lambda: `[ERROR] KeyError: 'rows'` above a traceback that ends with its last frame. */
function nameByLambda(draft: TraceDraft, lines: TextLines, index: number): void {
  const above = lines.at(index - 1);
  const column = above ? above.text.indexOf(lambdaError) : -1;
  if (!above || column === -1) return;
  const header = headerOn(above, index - 1, column + lambdaError.length);
  if (header?.start === above.startOf(column + lambdaError.length)) draft.name(header);
}

const lambdaError = '[ERROR] ';

interface ReadDraft {
  readonly draft: TraceDraft;
  /** The index after the last line that it took. */
  readonly next: number;
}

const traceback = 'Traceback (most recent call last):';
const becauseOf = 'The above exception was the direct cause of the following exception:';
const whileHandling = 'During handling of the above exception, another exception occurred:';
const frame = /File \\?"([^"\n]{1,2000}?)\\?", line (\d{1,9})(?:, in ([^\s\\"](?:[^\\"\n]*[^\s\\",])?))?/y;
const repeated = /\[Previous line repeated (\d{1,9}) more times?\]/;
/** Between the members of a group: `+-+---------------- 1 ----------------`, at the end only dashes. */
const separator = /^[\s|]*\+[-+]{2,}(?: (\d+|\.\.\.) -{3,}|-*)\s*$/;

const maxDepth = 32;
/** A frame's source line, its carets, and the middle of a statement on several lines. */
const maxQuietLines = 12;

function frameOn(text: string): FoundFrame | undefined {
  const start = text.indexOf('File ');
  // Source lines may hold one in quotes.
  if (start === -1 || start > 400 || text.charCodeAt(start - 1) > 32) return undefined;
  frame.lastIndex = start;
  const match = frame.exec(text);
  if (!match) return undefined;
  const [whole, file = '', line, name] = match;
  return {
    start,
    end: start + whole.length,
    function: name,
    module: undefined,
    file: text.includes('\\"') ? file.replaceAll('\\\\', '\\') : file,
    line1: Number(line),
    column1: undefined,
    readable: undefined,
    inApp: isInAppPython(file),
  };
}

/** Reads a traceback and those that follow from it: the last one is what was reported, each earlier one its cause. */
function readChain(lines: TextLines, first: number, depth: number, context: TracebackContext): ReadDraft | undefined {
  let read = readOne(lines, first, depth, context);
  for (let links = 0; read && links < maxDepth; links++) {
    const link = linkAfter(lines, read.next);
    const effect = link === undefined ? undefined : readOne(lines, link, depth, context);
    if (!effect) break;
    effect.draft.cause = read.draft;
    read = effect;
  }
  return read;
}

/** The index of the traceback that one of the two sentences after a traceback announces. */
function linkAfter(lines: TextLines, index: number): number | undefined {
  let saidSo = false;
  for (let at = index; at < index + maxQuietLines; at++) {
    const line = lines.at(at);
    if (!line || line.opens) return undefined;
    if (saidSo && line.text.includes(traceback)) return at;
    if (line.text.includes(becauseOf) || line.text.includes(whileHandling)) saidSo = true;
    // Notes and the rest of a message may come before the sentence, another trace may not.
    else if (line.text.includes(traceback) || frameOn(line.text) || separator.test(line.text)) return undefined;
  }
  return undefined;
}

/** Reads one traceback from its first line, or from a frame where that line is lost. */
function readOne(lines: TextLines, first: number, depth: number, context: TracebackContext): ReadDraft | undefined {
  const draft = new TraceDraft('python');
  /** In the order printed: outermost first. */
  const frames: Frame[] = [];
  let index = first;
  const opening = lines.at(first);
  if (!opening) return undefined;
  const announced = openingColumn(opening.text);
  if (announced !== -1) {
    draft.startAt(opening.startOf(announced));
    index++;
  } else if (!frameOn(opening.text)) return undefined;
  /** Where the exception's line starts: two characters before its frames. */
  let column = -1;
  let next = index;
  let quiet = 0;
  let isBelowBlank = false;
  for (; quiet <= maxQuietLines; index++) {
    const line = lines.at(index);
    if (!line || (line.opens && index > first)) break;
    const parsed = frameOn(line.text);
    if (parsed) {
      column = Math.max(0, parsed.start - 2);
      frames.push(newFrame(line, parsed));
      next = index + 1;
      quiet = 0;
      continue;
    }
    const again = repeated.exec(line.text);
    const last = frames.at(-1);
    if (again && last) {
      frames[frames.length - 1] = { ...last, repeated: 1 + Number(again[1]) };
      next = index + 1;
      continue;
    }
    if (line.text.includes(traceback)) break;
    const header = column === -1 ? undefined : exceptionOn(line, index, column);
    if (header) {
      next = nameDraft(draft, lines, header, column, context);
      break;
    }
    // Source lines may have lost their indentation; below a blank line there are none.
    const isText = column !== -1 && column < line.text.length && line.text.charCodeAt(column) > 32;
    if (isText && isBelowBlank) break;
    isBelowBlank = column !== -1 && !isText && line.text.slice(column).trim() === '';
    quiet++;
  }
  if (frames.length === 0) return undefined;
  for (const one of frames.toReversed()) draft.addFrame(one);
  if (draft.type !== undefined) next = readMembers(lines, next, depth, draft, context);
  return { draft, next };
}

function openingColumn(text: string): number {
  const group = text.indexOf('Exception Group Traceback (most recent call last):');
  return group === -1 ? text.indexOf(traceback) : group;
}

/** `ValueError: message` or `KeyboardInterrupt` at the column of its traceback; indented lines are source. */
function exceptionOn(line: TextLine, index: number, column: number): Header | undefined {
  const text = line.text;
  if (text.length <= column || /\s/.test(text[column] ?? ' ')) return undefined;
  // In groups the same column follows `| `; in logs their prefix. Elsewhere a name in mid-line is prose.
  const match = /^[A-Za-z_](?:[\w.]|<locals>)*(?=:\s|:?$)/.exec(text.slice(column).trimEnd());
  if (!match) return undefined;
  const header = headerOn(line, index, column);
  const message = text
    .slice(column + match[0].length)
    .replace(/^: ?/, '')
    .trim();
  return {
    type: match[0],
    ...(message === '' ? {} : { message }),
    start: header?.start ?? line.startOf(column),
    index,
  };
}

/**
 * Reads what an exception group holds: after `+-+---- 1 ----` its first member, after each `+---- n ----` under it the
 * next, up to a line of dashes. @returns the index after them
 */
function readMembers(
  lines: TextLines,
  from: number,
  depth: number,
  draft: TraceDraft,
  context: TracebackContext,
): number {
  let index = separatorAfter(lines, from);
  const opening = index === undefined ? -1 : (lines.at(index)?.text.indexOf('+-+') ?? -1);
  if (opening === -1 || depth >= maxDepth) return from;
  const column = opening + 2;
  let next = from;
  while (index !== undefined) {
    const text: string = lines.at(index)?.text ?? '';
    const isOwn = next === from || text.indexOf('+') === column;
    if (!isOwn) break;
    next = index + 1;
    // Only dashes: the end. `...`: more members than are printed.
    if (separator.exec(text)?.[1] === undefined) break;
    const member =
      readChain(lines, next, depth + 1, context) ?? bareMember(lines, next, column + 2, depth + 1, context);
    if (member) {
      draft.addMember(member.draft);
      next = member.next;
    }
    index = separatorAfter(lines, next);
  }
  return next;
}

/** Notes and long messages stand between an exception and the separator that follows it. */
function separatorAfter(lines: TextLines, from: number): number | undefined {
  for (let index = from; index < from + maxQuietLines; index++) {
    const line = lines.at(index);
    if (!line || line.opens || line.text.includes(traceback) || frameOn(line.text)) return undefined;
    if (separator.test(line.text)) return index;
  }
  return undefined;
}

/** A member that was never raised has no traceback. */
function bareMember(
  lines: TextLines,
  index: number,
  column: number,
  depth: number,
  context: TracebackContext,
): ReadDraft | undefined {
  const line = lines.at(index);
  const header = line && exceptionOn(line, index, column);
  if (!header) return undefined;
  const draft = new TraceDraft('python');
  const next = nameDraft(draft, lines, header, column, context);
  return { draft, next: readMembers(lines, next, depth, draft, context) };
}

/** Gives a trace its type and its message, which may go on below. @returns the index after the message */
function nameDraft(
  draft: TraceDraft,
  lines: TextLines,
  header: Header,
  column: number,
  context: TracebackContext,
): number {
  const below = messageBelow(lines, header.index, column, context, isOfTraces);
  // A message may start with a line break: then its first line is empty.
  const message = [header.message ?? '', ...below].join('\n').slice(0, maxMessageLength).trimEnd();
  const { type, start, index } = header;
  draft.name(message === '' ? { type, start, index } : { type, message, start, index });
  const last = lines.at(index + below.length);
  if (last) draft.grow(last.endOf(last.text.trimEnd().length));
  return index + below.length + 1;
}

/** Lines that come after an exception with all that belongs to it. */
function isOfTraces(text: string): 'follows' | 'another' | undefined {
  if (text.includes(becauseOf) || text.includes(whileHandling) || separator.test(text)) return 'follows';
  // The end of what another process handed on.
  return text.includes(traceback) || text.trim() === '"""' ? 'another' : undefined;
}
