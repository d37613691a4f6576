/** Where a line of an older revision is now, told by the diff between the two. */

/** One place at which a file was changed: lines that went, and lines that stand there instead. */
export interface LineEdit {
  /** Line of the old text, from 1, at which `removed` starts; of a pure insertion the line that it came before. */
  readonly oldLine1: number;
  readonly newLine1: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

export type LineNow =
  /** The same text on the same line. */
  | { readonly kind: 'same'; readonly line1: number }
  /** The same text, on another line or indented otherwise. */
  | { readonly kind: 'moved'; readonly line1: number }
  /** Other text stands in its place. */
  | { readonly kind: 'changed'; readonly line1: number }
  /** Nothing stands in its place: the line that follows. */
  | { readonly kind: 'gone'; readonly line1: number };

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
// oxlint-disable-next-line no-control-regex -- git colours its output when it is told to always do so
const colour = /\u001b\[[\d;]*m/g;

/**
 * Reads the edits of a unified diff of one file, as `git diff` prints it, with any number of context lines. Stops at the
 * next file; a diff that was cut off gives what is there. The text of a file that looks like a diff is no trouble: lines
 * are counted as the heads of the hunks say.
 */
export function parseLineEdits(diff: string): LineEdit[] {
  const edits: LineEdit[] = [];
  let oldLine = 0;
  let newLine = 0;
  let oldLeft = 0;
  let newLeft = 0;
  let removed: string[] = [];
  let added: string[] = [];
  const endEdit = () => {
    if (removed.length > 0 || added.length > 0) {
      edits.push({ oldLine1: oldLine - removed.length, newLine1: newLine - added.length, removed, added });
    }
    removed = [];
    added = [];
  };
  const lines = diff.split('\n');
  for (const [position, printed] of lines.entries()) {
    const line = printed.replace(colour, '');
    if (oldLeft === 0 && newLeft === 0) {
      endEdit();
      const head = hunkHead.exec(line);
      if (head) {
        const [, oldStart, oldCount = '1', newStart, newCount = '1'] = head;
        oldLeft = Number(oldCount);
        newLeft = Number(newCount);
        // Of an empty range the head names the line before it.
        oldLine = Number(oldStart) + (oldLeft === 0 ? 1 : 0);
        newLine = Number(newStart) + (newLeft === 0 ? 1 : 0);
      } else if (edits.length > 0 && line.startsWith('diff --git ')) return edits;
      continue;
    }
    const text = line.slice(1);
    if (line.startsWith('-') && oldLeft > 0) {
      // Another edit right behind one that has added lines.
      if (added.length > 0) endEdit();
      removed.push(text);
      oldLine++;
      oldLeft--;
    } else if (line.startsWith('+') && newLeft > 0) {
      added.push(text);
      newLine++;
      newLeft--;
    } else if (line.startsWith(' ') || (line === '' && position < lines.length - 1)) {
      endEdit();
      oldLine++;
      newLine++;
      oldLeft--;
      newLeft--;
    } else if (!line.startsWith('\\')) break;
  }
  endEdit();
  return edits;
}

/** True of a diff that says only that two files differ: git takes them for binary, as their bytes or an attribute say. */
export function saysOnlyThat(diff: string): boolean {
  return /^(?:Binary files .* differ|GIT binary patch)$/m.test(diff) && !/^@@ /m.test(diff);
}

/** What differs between two texts, as one edit: what stands between their common beginning and end. */
export function editBetween(then: string, now: string): LineEdit[] {
  const [old, current] = [then.split('\n'), now.split('\n')];
  const most = Math.min(old.length, current.length);
  let first = 0;
  while (first < most && old[first] === current[first]) first++;
  let last = 0;
  while (last < most - first && old.at(-1 - last) === current.at(-1 - last)) last++;
  const removed = old.slice(first, old.length - last);
  const added = current.slice(first, current.length - last);
  return removed.length + added.length === 0 ? [] : [{ oldLine1: first + 1, newLine1: first + 1, removed, added }];
}

/** @param edits in the order of the file */
export function lineNow(edits: readonly LineEdit[], line1: number): LineNow {
  let shift = 0;
  for (const edit of edits) {
    if (line1 < edit.oldLine1) break;
    const oldEnd = edit.oldLine1 + edit.removed.length;
    if (line1 < oldEnd) return withinEdit(edits, edit, line1 - edit.oldLine1);
    shift = edit.newLine1 + edit.added.length - oldEnd;
  }
  return shift === 0 ? { kind: 'same', line1 } : { kind: 'moved', line1: line1 + shift };
}

/** Through several diffs, one after the other: from a commit to the last one, from there to the file on the disk. */
export function lineThrough(steps: readonly (readonly LineEdit[])[], line1: number): LineNow {
  let now: LineNow = { kind: 'same', line1 };
  for (const edits of steps) {
    const next = lineNow(edits, now.line1);
    now = { kind: severity[next.kind] > severity[now.kind] ? next.kind : now.kind, line1: next.line1 };
  }
  // Moved away and back again.
  return now.kind === 'moved' && now.line1 === line1 ? { kind: 'same', line1 } : now;
}

const severity: Readonly<Record<LineNow['kind'], number>> = { same: 0, moved: 1, changed: 2, gone: 3 };

/** Shorter lines, such as a brace or `return;`, stand everywhere: finding one says nothing. */
const tellingLength = 12;

function withinEdit(edits: readonly LineEdit[], edit: LineEdit, index: number): LineNow {
  const text = (edit.removed[index] ?? '').trim();
  const { added, newLine1 } = edit;
  const kept = text === '' ? undefined : keptAs(edit, index);
  if (kept !== undefined) return { kind: 'moved', line1: newLine1 + kept };
  if (text.length >= tellingLength) {
    const elsewhere = edits.flatMap((other) => indicesOf(other.added, text).map((at) => other.newLine1 + at));
    const [only, another] = elsewhere;
    // Of two lines alike that went, one that came is neither.
    const isOneOfSeveral = edits.flatMap((other) => indicesOf(other.removed, text)).length > 1;
    if (only !== undefined && another === undefined && !isOneOfSeveral) return { kind: 'moved', line1: only };
  }
  if (added.length === 0) return { kind: 'gone', line1: newLine1 };
  const alike = added.map((line, at) => ({ at, words: sharedWords(line, text), away: Math.abs(at - index) }));
  alike.sort((a, b) => b.words - a.words || a.away - b.away);
  return { kind: 'changed', line1: newLine1 + (alike[0]?.at ?? 0) };
}

/** Larger rewrites are not compared line by line: the time is that of both lengths multiplied. */
const maxCompared = 1 << 20;

/**
 * Which of the added lines a removed one became, where only its indentation changed: by the longest sequence that the two
 * have in common, so that of lines alike the first stays the first.
 */
function keptAs({ removed, added }: LineEdit, index: number): number | undefined {
  const [then, now] = [removed, added].map((lines) => lines.map((line) => line.trim()));
  if (!then || !now || then.length * now.length > maxCompared) return undefined;
  const width = now.length + 1;
  // How long a sequence the rests behind two lines have in common.
  const common = new Uint32Array((then.length + 1) * width);
  for (let a = then.length - 1; a >= 0; a--) {
    for (let b = now.length - 1; b >= 0; b--) {
      const [down = 0, right = 0] = [common[(a + 1) * width + b], common[a * width + b + 1]];
      const isEqual = then[a] === now[b];
      common[a * width + b] = isEqual ? (common[(a + 1) * width + b + 1] ?? 0) + 1 : Math.max(down, right);
    }
  }
  for (let a = 0, b = 0; a < then.length && b < now.length; ) {
    if (then[a] === now[b]) {
      if (a === index) return b;
      a++;
      b++;
    } else if ((common[(a + 1) * width + b] ?? 0) >= (common[a * width + b + 1] ?? 0)) {
      if (a++ === index) return undefined;
    } else b++;
  }
  return undefined;
}

function indicesOf(lines: readonly string[], text: string): number[] {
  return lines.flatMap((line, index) => (line.trim() === text ? [index] : []));
}

function sharedWords(a: string, b: string): number {
  const words = new Set(a.match(/[\p{L}\p{N}_]+/gu));
  return new Set(b.match(/[\p{L}\p{N}_]+/gu)).intersection(words).size;
}
