/** A trace while its lines are read. */

import { beyondAnyText } from '../offsets.ts';
import type { TextLine } from '../textLines.ts';
import type { Frame, Trace, TraceLanguage } from '../trace.ts';
import type { Header } from './header.ts';
import { type FoundFrame, newFrame } from './newFrame.ts';

export class TraceDraft {
  readonly language: TraceLanguage;
  /** Absent until there is one: of very many traces each array counts. */
  #frames: Frame[] | undefined;
  cause: TraceDraft | undefined;
  type: string | undefined;
  message: string | undefined;
  thread: string | undefined;
  /** Absent in most traces, of which there may be very many. */
  #members: TraceDraft[] | undefined;
  #suppressed: TraceDraft[] | undefined;
  /** Frames left out so far, and whether some were just now. */
  #elided = 0;
  #gap = false;
  #start = beyondAnyText;
  #end = 0;

  constructor(language: TraceLanguage, header?: Header) {
    this.language = language;
    if (header) this.name(header);
  }

  name(header: Header): void {
    this.type = header.type;
    this.message = header.message;
    this.#start = Math.min(this.#start, header.start);
    this.#end = Math.max(this.#end, header.start + header.type.length);
  }

  /** Where the trace starts in the searched text; more than any place while it has neither header nor frame. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  get frames(): readonly Frame[] {
    return this.#frames ?? [];
  }

  /** The frame that was found on a line. Its range is not asked of the frame: frames have many layouts. */
  addFound(line: TextLine, found: FoundFrame): void {
    this.#add(newFrame(line, found), line.startOf(found.start), line.endOf(found.end));
  }

  addFrame(frame: Frame): void {
    this.#add(frame, frame.start, frame.end);
  }

  #add(frame: Frame, start: number, end: number): void {
    const own = this.#gap ? { ...frame, afterGap: true } : frame;
    this.#gap = false;
    // Many traces have one frame only, and an array that grows makes room for more.
    if (this.#frames) this.#frames.push(own);
    else this.#frames = [own];
    this.startAt(start);
    this.grow(end);
  }

  addMember(member: TraceDraft): void {
    (this.#members ??= []).push(member);
  }

  addSuppressed(suppressed: TraceDraft): void {
    (this.#suppressed ??= []).push(suppressed);
  }

  leaveOut(frames: number): void {
    this.#elided += frames;
    this.#gap = true;
  }

  /** A source map told where the last frame really is. */
  mapLastFrame(file: string, line1: number, column1: number): void {
    const last = this.#frames?.pop();
    if (last) this.#frames?.push({ ...last, file, line1, column1 });
  }

  /** The last frame's place stood on a line of its own. */
  placeLastFrame(file: string, line1: number): void {
    const last = this.#frames?.pop();
    if (last) this.#frames?.push({ ...last, file, line1 });
  }

  startAt(offset: number): void {
    this.#start = Math.min(this.#start, offset);
  }

  grow(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  finish(): Trace {
    const { language, type, message } = this;
    const cause = this.cause && this.#enclose(this.cause);
    const members = this.#members?.map((member) => this.#enclose(member));
    const suppressed = this.#suppressed?.map((one) => this.#enclose(one));
    // An array that grew by pushing keeps room for more.
    const frames = this.#frames && this.#frames.length > 1 ? this.#frames.slice() : (this.#frames ?? []);
    const start = this.#start;
    const end = this.#end;
    // The usual layout written out: objects that grow are slow to make and large.
    const trace: { -readonly [Key in keyof Trace]: Trace[Key] } =
      type !== undefined && message !== undefined
        ? { language, type, message, frames, start, end }
        : { language, frames, start, end };
    if (type !== undefined && message === undefined) trace.type = type;
    if (type === undefined && message !== undefined) trace.message = message;
    if (cause) trace.cause = cause;
    if (members) trace.members = members;
    if (suppressed) trace.suppressed = suppressed;
    if (this.#elided > 0) trace.elided = this.#elided;
    if (this.thread !== undefined) trace.thread = this.thread;
    return trace;
  }

  /** A trace's range includes those of the traces under it. */
  #enclose(under: TraceDraft): Trace {
    const trace = under.finish();
    this.startAt(under.#start);
    this.grow(under.#end);
    return trace;
  }
}
