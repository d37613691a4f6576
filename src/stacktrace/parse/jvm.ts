/** Traces of the JVM (Java, Kotlin, Scala), as `Throwable.printStackTrace`, Logback and Log4j print them. */

import { startsWithOneOf, tableOf } from './characters.ts';
import { clue } from './clues.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { type Header, headerAbove, headerOn, withMessage } from './header.ts';
import { jvmFrameOn } from './jvmFrame.ts';
import { indentOf, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { LineRange, ReadTraces, TraceParser } from './traceParser.ts';

export const jvmTraces: TraceParser = {
  language: 'jvm',
  clues: clue.call,
  read(lines, line, index, floor) {
    const frame = jvmFrameOn(line.text);
    if (!frame) return undefined;
    const margin = marginBefore(line.text, frame.start);
    const dumped = dumpedThread(lines, index, floor);
    if (dumped) {
      const root = new TraceDraft('jvm');
      root.thread = dumped.name;
      root.startAt(dumped.start);
      return readChain(lines, index, frame, margin, root);
    }
    const header = headerAbove(lines, index, floor, margin, isFrame);
    const root = new TraceDraft('jvm', header);
    const thread = header && threadBefore(lines, header);
    if (thread !== undefined) root.thread = thread;
    return readChain(lines, index, frame, margin, root);
  },
};

/** `Exception in thread "main" ` before the header's type. */
function threadBefore(lines: TextLines, header: Header): string | undefined {
  const line = lines.at(header.index);
  if (!line || header.start - line.startOf(0) < 'Exception in thread "" '.length) return undefined;
  return /Exception in thread "([^"]*)"/.exec(line.text)?.[1];
}

function isFrame({ text }: TextLine): boolean {
  return text.includes('at ') && jvmFrameOn(text) !== undefined;
}

/** `"worker-7" #21 prio=5 …` and perhaps `java.lang.Thread.State: RUNNABLE` above the frames of a thread dump. */
function dumpedThread(lines: TextLines, first: number, floor: number): { name: string; start: number } | undefined {
  for (let index = first - 1; index >= Math.max(floor, first - 2); index--) {
    const line = lines.at(index);
    if (!line || line.text.length < shortestThread.length || lines.at(index + 1)?.opens) return undefined;
    const isQuoted = line.text.includes('"');
    if (!isQuoted && !saysState(line.text)) return undefined;
    const match = isQuoted && /"([^"]{1,200})" (?:#\d|prio=|daemon |cpu=|tid=|nid=)/.exec(line.text.slice(0, 400));
    if (match) return { name: match[1] ?? '', start: line.startOf(match.index) };
    if (!saysState(line.text)) return undefined;
  }
  return undefined;
}

function saysState(text: string): boolean {
  return text.length >= threadState.length && text.includes(threadState);
}

const shortestThread = '"x" #1';
const threadState = 'java.lang.Thread.State: ';

/** Between frames: what a thread holds and waits for; where a coroutine was resumed, as Kotlin's debugger marks it. */
const held = /^- (?:locked|waiting|parking|eliminated|<no )/;
const boundary = '(Coroutine boundary';
const elided = /^\.\.\. (\d{1,9}) (?:more|common frames omitted|frames? (?:truncated|excluded))/;
const label = /^(Caused by|Suppressed|Wrapped by): /;
const circular = /^(?:Caused by: )?\[CIRCULAR REFERENCE:/;

/** First characters of these: they tell a line that is none of them, as most are. */
const openings = tableOf('-.[(aCSW');

function mayBeLabel(text: string): boolean {
  if (text === '') return false;
  const unit = text.charCodeAt(0);
  return unit === 67 || unit === 83 || unit === 87;
}

function isBetween(text: string): boolean {
  switch (text.charCodeAt(0)) {
    case 67: // C
    case 91: // [
      return circular.test(text);
    case 45: // -
      return held.test(text);
    case 97: // a
      return text.startsWith(`at ${boundary}`);
    case 40: // (
      return text.startsWith(boundary);
    default:
      return false;
  }
}

/** Deeper chains are read flat, so that hostile input cannot build a tree that nothing else can walk. */
const maxDepth = 64;

/** Reads frames, and what hangs below by its label and indentation. */
function readChain(
  lines: TextLines,
  first: number,
  firstFrame: FoundFrame,
  margin: number,
  top: TraceDraft,
): ReadTraces {
  let root = top;
  let messages: LineRange[] | undefined;
  let current = top;
  let depth = 1;
  let next = first;
  /** The trace that a `Caused by:` at each indentation belongs to, outermost first; absent up to the first label. */
  let levels: { column: number; draft: TraceDraft }[] | undefined;
  for (let index = first; ; index++) {
    const line = lines.at(index);
    if (!line || (index > first && line.opens)) break;
    const frame = index === first ? firstFrame : jvmFrameOn(line.text);
    if (frame) {
      current.addFound(line, frame);
      next = index + 1;
      continue;
    }
    const column = indentOf(line.text, margin);
    if (!startsWithOneOf(line.text, column, openings)) break;
    const text = line.text.slice(column);
    const left = text.charCodeAt(0) === 46 ? elided.exec(text) : null;
    if (left) {
      current.leaveOut(Number(left[1]));
      next = index + 1;
      continue;
    }
    if (isBetween(text)) {
      next = index + 1;
      continue;
    }
    const labelled = mayBeLabel(text) ? label.exec(text) : null;
    const child =
      labelled && depth < maxDepth ? childOn(lines, line, index, column + labelled[0].length, margin) : undefined;
    if (!labelled || !child) break;
    depth++;
    const { draft } = child;
    if (labelled[1] === 'Wrapped by') {
      // Root cause first: what came before is the cause of this one.
      draft.cause = root;
      root = draft;
      levels = [{ column, draft }];
    } else {
      levels ??= [{ column: margin, draft: top }];
      const isSuppressed = labelled[1] === 'Suppressed';
      // Suppressed ones stand deeper than what they belong to, causes as deep or deeper.
      const beyond = isSuppressed ? column : column + 1;
      while (levels.length > 1 && (levels.at(-1)?.column ?? 0) >= beyond) levels.pop();
      const owner = levels.at(-1);
      if (isSuppressed) owner?.draft.addSuppressed(draft);
      else if (owner) owner.draft.cause = draft;
      if ((owner?.column ?? 0) >= column) levels.pop();
      levels.push({ column, draft });
    }
    current = draft;
    if (child.last > index) (messages ??= []).push({ from: index, to: child.last });
    index = child.last;
    next = index + 1;
  }
  return messages ? { draft: root, next, messages } : { draft: root, next };
}

/** A labelled trace; its message may take lines up to its frames or the lines that stand for them. */
function childOn(
  lines: TextLines,
  line: TextLine,
  index: number,
  column: number,
  margin: number,
): { draft: TraceDraft; last: number } | undefined {
  const header: Header | undefined = headerOn(line, index, column);
  if (!header) return undefined;
  let last = index;
  for (let below = index + 1; below <= index + maxMessageLines; below++) {
    const next = lines.at(below);
    if (!next || next.opens) break;
    const text = next.text.slice(indentOf(next.text, margin));
    if (mayBeLabel(text) && label.test(text)) break;
    if (isFrame(next) || (text.startsWith('...') && elided.test(text))) {
      last = below - 1;
      break;
    }
  }
  const draft = new TraceDraft('jvm', withMessage(lines, header, last + 1, margin));
  draft.grow(line.endOf(line.text.length));
  return { draft, last };
}

const maxMessageLines = 64;
