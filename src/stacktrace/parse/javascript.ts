/**
 * Traces of V8 (Node, Chromium, Electron, Deno, Bun): as in `error.stack`, and as Node's `util.inspect` prints an error
 * with its `[cause]` and `[errors]` nested by indentation.
 */

import { startsWithOneOf, tableOf } from './characters.ts';
import { clue } from './clues.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { type Header, headerAbove, headerOn, withMessage } from './header.ts';
import { javascriptFrameOn } from './javascriptFrame.ts';
import { indentOf, marginBefore } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';
import { TraceDraft } from './traceDraft.ts';
import type { ReadTraces, TraceParser } from './traceParser.ts';

export const javascriptTraces: TraceParser = {
  language: 'javascript',
  clues: clue.javascript,
  read(lines, line, index, floor) {
    const frame = javascriptFrameOn(line.text);
    if (!frame) return undefined;
    const margin = marginBefore(line.text, frame.start);
    const header = withoutCode(headerAbove(lines, index, floor, margin, isFrame));
    return new InspectReader(lines, margin).read(index, frame, header);
  },
};

/** Deno shows the line that threw, and where in it, below the message. */
function withoutCode(header: Header | undefined): Header | undefined {
  const end = header?.message?.endsWith('^') ? header.message.search(/\n[ \t]+\S[^\n]*\n[ \t]+\^+$/) : -1;
  return header && end > 0 ? { ...header, message: header.message?.slice(0, end) ?? '' } : header;
}

function isFrame({ text }: TextLine): boolean {
  return javascriptFrameOn(text) !== undefined;
}

function goesOn(line: TextLine): boolean {
  return isFrame(line) || isElement(line.text.trim());
}

/** Where an error of the printed tree may take causes and members: everything indented deeper than `column` is its own. */
interface OpenNode {
  readonly column: number;
  readonly draft: TraceDraft;
  /** `members` for the list after `[errors]:`. */
  readonly takes: 'properties' | 'members';
}

/** Properties of an error between its frames and its cause are rarely more lines than this. */
const maxQuietLines = 200;
/** Deeper nesting is read flat, so that hostile input cannot build a tree that nothing else can walk. */
const maxDepth = 64;

const elided = /^\.\.\. (\d+) (?:more )?lines? matching cause stack trace \.\.\.$/;
const mappedTo = /^-> (.+):(\d+):(\d+)$/;
const property = /^(?:\[(cause|errors)\]|(cause|errors)): (.*)$/;
const noError = /^(?:['"`{\d-]|\[\]|\[ |(?:undefined|null|true|false)\b|(?:Symbol|Map|Set)\()/;
const causedBy = /^caused by:/i;
/** Bluebird: what the frames above were called from, in an earlier turn of the event loop. */
const earlierTurn = /^from previous event:$/i;
/** React's component stacks have elements of the page between components: they stand in no file. */
const element = /^at [a-z][\w.-]{0,60}$/;

function isElement(text: string): boolean {
  // Frames of other languages, which end in a parenthesis or a line, are most of what starts with `at `.
  return !text.endsWith(')') && element.test(text);
}

/** First characters of what may stand between frames: they tell a line that is none of it, as most are. */
const openings = tableOf('-.acfACF');

/** What a line says that is no frame, between frames: that more follow, a cause, or (most of them) nothing. */
function betweenFrames(text: string): 'frames' | 'cause' | undefined {
  switch (text.charCodeAt(0) | 32) {
    case 97: // a
      return isElement(text) ? 'frames' : undefined;
    case 102: // f
      return earlierTurn.test(text) ? 'frames' : undefined;
    case 99: // c
      return causedBy.test(text) ? 'cause' : undefined;
    default:
      return undefined;
  }
}

class InspectReader {
  readonly #lines: TextLines;
  readonly #margin: number;
  /** Empty until properties follow a frame. */
  readonly #open: OpenNode[] = [];

  constructor(lines: TextLines, margin: number) {
    this.#lines = lines;
    this.#margin = margin;
  }

  read(first: number, firstFrame: FoundFrame, header: Header | undefined): ReadTraces {
    const root = new TraceDraft('javascript', header);
    const rootColumn = Math.max(this.#margin, firstFrame.start - 4);
    /** Where frames go. */
    let current = root;
    let next = first;
    for (let index = first; index < next + maxQuietLines; index++) {
      const line = this.#lines.at(index);
      if (!line || (index > first && line.opens)) break;
      const frame = index === first ? firstFrame : javascriptFrameOn(line.text);
      if (frame) {
        if (this.#isInside() && frame.start <= rootColumn) break;
        current.addFound(line, frame);
        if (frame.end < line.text.length && /^\s*\{/.test(line.text.slice(frame.end)))
          this.#enterProperties(rootColumn - 1, root);
        next = index + 1;
        continue;
      }
      const column = indentOf(line.text, this.#margin);
      if (!this.#isInside() && !startsWithOneOf(line.text, column, openings)) break;
      const text = line.text.slice(column).trimEnd();
      const mapped = text.startsWith('->') ? mappedTo.exec(text) : null;
      if (mapped) {
        current.mapLastFrame(mapped[1] ?? '', Number(mapped[2]), Number(mapped[3]));
        next = index + 1;
        continue;
      }
      const left = text.startsWith('...') ? elided.exec(text.replace(/ \{$/, '')) : null;
      if (left) {
        current.leaveOut(Number(left[1]));
        if (text.endsWith('{')) this.#enterProperties(rootColumn - 1, root);
        next = index + 1;
        continue;
      }
      if (!this.#isInside()) {
        const said = betweenFrames(text);
        if (said === 'frames' && this.#goesOn(index + 1)) {
          if (text.charCodeAt(0) !== 97) current.leaveOut(0);
          next = index + 1;
          continue;
        }
        const child = said === 'cause' ? this.#childOn(line, index, column) : undefined;
        if (!child) break;
        current.cause = child.draft;
        current = child.draft;
        index = child.last;
        next = index + 1;
        continue;
      }
      if (/^[}\]]/.test(text)) {
        while (this.#open.length > 1 && (this.#open.at(-1)?.column ?? 0) >= column) this.#open.pop();
        next = index + 1;
        if (column <= rootColumn && text.startsWith('}')) break;
        continue;
      }
      const entered = this.#enter(line, index, column, text);
      if (entered) {
        current = entered.draft;
        index = entered.last;
        next = index + 1;
      } else if (text !== '' && column <= rootColumn - 1) break;
    }
    return { draft: root, next };
  }

  /** True inside `{ … }` after a frame: properties follow. A method: engines look private accessors up each time. */
  #isInside(): boolean {
    return this.#open.length > 0;
  }

  #enterProperties(column: number, draft: TraceDraft): void {
    if (!this.#isInside()) this.#open.push({ column, draft, takes: 'properties' });
  }

  #goesOn(index: number): boolean {
    const line = this.#lines.at(index);
    return line !== undefined && !line.opens && goesOn(line);
  }

  /** Opens the cause, the list of errors or the member that starts on this line. */
  #enter(line: TextLine, index: number, column: number, text: string): { draft: TraceDraft; last: number } | undefined {
    const match = property.exec(text);
    const top = this.#open.at(-1);
    if (match) {
      while (this.#open.length > 1 && (this.#open.at(-1)?.column ?? 0) >= column) this.#open.pop();
      const owner = this.#open.at(-1);
      if (!owner || this.#open.length >= maxDepth) return undefined;
      const value = match[3] ?? '';
      if ((match[1] ?? match[2]) === 'errors') {
        if (!value.startsWith('[')) return undefined;
        this.#open.push({ column, draft: owner.draft, takes: 'members' });
        return undefined;
      }
      // What is thrown may be any value: a string, a plain object.
      const child = noError.test(value) ? undefined : this.#childOn(line, index, column + text.indexOf(': ') + 2);
      if (!child) return undefined;
      owner.draft.cause = child.draft;
      this.#open.push({ column, draft: child.draft, takes: 'properties' });
      return child;
    }
    if (!top) return undefined;
    const list = this.#open.findLast((node) => node.column < column);
    if (list?.takes !== 'members' || column !== list.column + 2 || this.#open.length >= maxDepth) return undefined;
    const child = this.#childOn(line, index, column);
    if (!child) return undefined;
    while (this.#open.at(-1) !== list) this.#open.pop();
    list.draft.addMember(child.draft);
    this.#open.push({ column, draft: child.draft, takes: 'properties' });
    return child;
  }

  /** The error whose header stands on this line from `column` on; its message may take the lines up to its frames. */
  #childOn(line: TextLine, index: number, column: number): { draft: TraceDraft; last: number } | undefined {
    const header = headerOn(line, index, column);
    if (!header) return undefined;
    // `[cause]: [TypeError: x]` has no frames of its own; other headers have them after the message.
    const bracketed = line.text[column] === '[' || /[{[]$/.test(line.text.trimEnd());
    let last = index;
    if (!bracketed) {
      for (let below = index + 1; below <= index + maxMessageLines; below++) {
        const next = this.#lines.at(below);
        if (!next || next.opens) break;
        if (isFrame(next)) {
          last = below - 1;
          break;
        }
        if (property.test(next.text.trimStart())) break;
      }
    }
    const whole = withMessage(this.#lines, header, last + 1, this.#margin);
    const message = bracketed ? whole.message?.replace(/[\],{[\s]+$/, '') : whole.message;
    const draft = new TraceDraft('javascript', message === undefined ? whole : { ...whole, message });
    draft.grow(line.endOf(line.text.trimEnd().length));
    return { draft, last };
  }
}

const maxMessageLines = 64;
