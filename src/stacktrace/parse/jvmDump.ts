/** Threads of the JVM as `jcmd Thread.dump_to_file` writes them: `#31 "worker" virtual`, the calls below without a word before. */

import { clue } from './clues.ts';
import { jvmCallAt } from './jvmFrame.ts';
import { indentOf, looksLikePrefix, marginBefore } from './linePrefix.ts';
import type { TextLine, TextLines } from '../textLines.ts';
import { TraceDraft } from './traceDraft.ts';
import type { TraceParser } from './traceParser.ts';

export const jvmDumpTraces: TraceParser = {
  language: 'jvm',
  // `#31 …`
  clues: clue.php,
  read(lines, line, index) {
    const thread = threadOn(line.text);
    if (!thread) return undefined;
    const draft = new TraceDraft('jvm');
    const next = readCalls(lines, index + 1, marginBefore(line.text, thread.start), draft);
    if (draft.frames.length === 0) return undefined;
    draft.thread = thread.name;
    draft.startAt(line.startOf(thread.start));
    return { draft, next };
  },
};

const header = /#\d{1,10} "([^"]{0,400})"(?: virtual)?(?: [A-Z_]{1,20} \S{1,40})?\s*$/y;

function threadOn(text: string): { name: string; start: number } | undefined {
  if (!text.includes(' "')) return undefined;
  const start = text.indexOf('#');
  header.lastIndex = start;
  const match = start === -1 ? null : header.exec(text);
  return match && looksLikePrefix(text, start) ? { name: match[1] ?? '', start } : undefined;
}

/** @returns the index after the last call */
function readCalls(lines: TextLines, first: number, margin: number, draft: TraceDraft): number {
  let next = first;
  for (let index = first; index <= next + maxLocks; index++) {
    const line: TextLine | undefined = lines.at(index);
    if (!line || line.opens) break;
    const start = indentOf(line.text, margin);
    const call = start - margin >= minIndent ? jvmCallAt(line.text, start) : undefined;
    if (call) {
      draft.addFound(line, call);
      next = index + 1;
      // What a thread waits for or holds.
    } else if (!line.text.startsWith('- ', start)) break;
  }
  return next;
}

const minIndent = 4;
const maxLocks = 16;
