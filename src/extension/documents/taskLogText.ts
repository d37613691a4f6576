/** Lays a task out as a text to read: its facts, its attempts, then its records by time, with errors and stacks whole. */

import type { Provenance } from '../../model/answer.ts';
import type { LogRecord } from '../../model/record.ts';
import type { TaskDetail } from '../../model/task.ts';
import { plainBlock } from '../../model/plainText.ts';
import { plainLine } from '../plainText.ts';
import { bytesText, countText, durationText } from '../../model/readableNumbers.ts';
import { localIso } from '../plainTime.ts';
import { notes } from '../views/answerNotice.ts';
import { type TextFrame, textFrames } from './textFrames.ts';

interface LogSection {
  readonly title: string;
  readonly startLine: number;
  /** Inclusive. */
  readonly endLine: number;
  readonly kind: 'heading' | 'record' | 'error' | 'stack';
}

export interface TaskLogText {
  readonly text: string;
  readonly frames: readonly TextFrame[];
  readonly sections: readonly LogSection[];
  /** Failure groups, each at the line of its error. */
  readonly groups: readonly { readonly line: number; readonly group: string }[];
  /** The first line of each record, in the order of `detail.records`. */
  readonly recordLines: readonly number[];
}

const indent = '    ';

export function taskLogText(environment: string, detail: TaskDetail, from: readonly Provenance[]): TaskLogText {
  const writer = new LogWriter();
  writeFacts(writer, environment, detail, from);
  writeAttempts(writer, detail);
  writeRecords(writer, detail);
  return writer.done();
}

function writeFacts(writer: LogWriter, environment: string, { task }: TaskDetail, from: readonly Provenance[]): void {
  const start = writer.line(`Task ${plainLine(task.task)}`);
  const facts: [string, string | undefined][] = [
    ['status', task.status],
    ['attempts', String(task.attempts)],
    ['account', task.account],
    ['collection', task.collection],
    ['source', task.source],
    ['worker', task.worker],
    ['coordinator', task.coordinator],
    ['from', localIso(task.firstTs)],
    ['to', localIso(task.lastTs)],
    ['duration', durationText(task.durationMs)],
    ['input', task.key],
    ['size', task.bytes === undefined ? undefined : `${bytesText(task.bytes)} (${task.bytes} bytes)`],
    ['documents', task.docs === undefined ? undefined : String(task.docs)],
    ['build', task.build && [task.build.service, task.build.version, task.build.commit].filter(Boolean).join(' ')],
    ['environment', environment],
    ['told by', from.map((share) => `${share.backend} ${share.url}`).join(', ')],
  ];
  for (const [name, value] of facts) {
    if (value !== undefined && value !== '') writer.line(`  ${name.padEnd(12)} ${plainLine(value, 1000)}`);
  }
  for (const note of notes(from)) writer.line(`  ${'note'.padEnd(12)} ${note}`);
  writer.section('heading', `Task ${plainLine(task.task)}`, start);
  if (task.error) {
    const error = [task.error.type, task.error.message].filter(Boolean).join(': ');
    const line = writer.line(`  ${'error'.padEnd(12)} ${plainLine(error, 1000)}`);
    if (task.group !== undefined) writer.group(line, task.group);
  }
  writer.line('');
}

function writeAttempts(writer: LogWriter, { attempts }: TaskDetail): void {
  const start = writer.line(countText(attempts.length, 'Attempt'));
  for (const attempt of attempts) {
    const parts = [
      `  ${String(attempt.attempt).padStart(3)}  ${attempt.status.padEnd(9)}`,
      localIso(attempt.firstTs),
      durationText(attempt.lastTs - attempt.firstTs).padEnd(12),
      plainLine(attempt.worker ?? '', 60),
      attempt.error ? plainLine([attempt.error.type, attempt.error.message].filter(Boolean).join(': '), 400) : '',
    ];
    writer.line(parts.join('  ').trimEnd());
  }
  writer.section('heading', 'Attempts', start);
  writer.line('');
}

function writeRecords(writer: LogWriter, { task, records, attempts }: TaskDetail): void {
  const start = writer.line(countText(records.length, 'Record'));
  for (const record of records) {
    writer.commit = (record.build ?? task.build)?.commit;
    writeRecord(writer, record);
  }
  writer.commit = task.build?.commit;
  if (records.length === 0) writeStacksOfAttempts(writer, attempts);
  writer.section('heading', 'Records', start);
}

/** A coordinator knows the attempts' errors before any log is shipped. */
function writeStacksOfAttempts(writer: LogWriter, attempts: TaskDetail['attempts']): void {
  writer.line('  No record has been shipped yet; the coordinator tells:');
  for (const { attempt, error } of attempts) {
    if (!error) continue;
    const line = writer.line(`  attempt ${attempt}`);
    writeError(writer, error, undefined);
    writer.section('record', `attempt ${attempt}`, line);
  }
}

function writeRecord(writer: LogWriter, record: LogRecord): void {
  const [first = '', ...rest] = plainBlock(record.message ?? '').split('\n');
  const parts = [
    localIso(record.tsMs),
    plainLine(record.level ?? '', 10).padEnd(5),
    plainLine(record.event, 40).padEnd(16),
    record.attempt === undefined ? '' : `#${record.attempt}`,
    plainLine(record.worker ?? record.coordinator ?? '', 60),
    first,
  ];
  const line = writer.line(
    parts
      .filter((part) => part !== '')
      .join('  ')
      .trimEnd(),
  );
  writer.recordLines.push(line);
  if (rest.length > 0) writer.block(rest.join('\n'));
  for (const [name, value] of Object.entries(record.rest ?? {})) {
    writer.block(plainLine(`${name} = ${JSON.stringify(value)}`, 2000));
  }
  if (record.error) writeError(writer, record.error, record.group);
  writer.section('record', plainLine(parts[5] || record.event, 80), line);
}

function writeError(writer: LogWriter, error: NonNullable<LogRecord['error']>, group: string | undefined): void {
  const head = [error.type, error.message].filter(Boolean).join(': ') || 'error';
  const stack = error.stack === undefined ? undefined : plainBlock(error.stack);
  // Most runtimes print the error above its stack: once is enough.
  const stackTells = stack?.startsWith(plainBlock(head)) ?? false;
  const line = stackTells ? writer.nextLine : writer.block(head);
  if (group !== undefined) writer.group(line, group);
  if (stack !== undefined) {
    const from = writer.block(stack);
    writer.section('stack', plainLine(head, 80), from);
  }
  writer.section('error', plainLine(head, 80), line);
}

/** Collects lines, and remembers on which of them everything stands. */
class LogWriter {
  readonly recordLines: number[] = [];
  /** Of the build that wrote what comes next. */
  commit: string | undefined;
  readonly #lines: string[] = [];
  readonly #frames: TextFrame[] = [];
  readonly #sections: LogSection[] = [];
  readonly #groups: { line: number; group: string }[] = [];

  /** The number of the line that comes next. */
  get nextLine(): number {
    return this.#lines.length;
  }

  /** Appends one line and returns its number. */
  line(text: string): number {
    this.#lines.push(text);
    return this.#lines.length - 1;
  }

  /** Appends text of any number of lines, indented, and finds its stack frames. Returns the number of its first line. */
  block(text: string): number {
    const plain = plainBlock(text).replace(/\n+$/, '');
    const startLine = this.#lines.length;
    const lines = plain.split('\n');
    for (const line of lines) this.#lines.push(indent + line);
    if (lines.length > 1 || plain.length > 0) this.#findFrames(plain, startLine);
    return startLine;
  }

  /** Ends a section at the last line written. */
  section(kind: LogSection['kind'], title: string, startLine: number): void {
    this.#sections.push({ kind, title, startLine, endLine: Math.max(startLine, this.#lines.length - 1) });
  }

  group(line: number, group: string): void {
    this.#groups.push({ line, group });
  }

  done(): TaskLogText {
    return {
      text: `${this.#lines.join('\n')}\n`,
      frames: this.#frames,
      sections: this.#sections.toSorted((a, b) => a.startLine - b.startLine || b.endLine - a.endLine),
      groups: this.#groups,
      recordLines: this.recordLines,
    };
  }

  #findFrames(plain: string, startLine: number): void {
    for (const found of textFrames(plain)) {
      this.#frames.push({
        ...found,
        line: startLine + found.line,
        startCharacter: indent.length + found.startCharacter,
        endCharacter: indent.length + found.endCharacter,
        ...(this.commit !== undefined && { commit: this.commit }),
      });
    }
  }
}
