/**
 * Encodes columns of Parquet, compiled to WebAssembly (AssemblyScript): the host hands over a column and takes its pages, which it compresses
 * and puts into a file. One column after the other, and of it one row group after the other.
 */

import { body, bodyEnd, clearBody, makeRoom, putByte, putBytes, putUpTo } from './body';
import { Levels, levels, valueCount } from './chunk';
import { encodeDeltas } from './deltas';
import { newRoom, roomFor } from '../room';
import { definitions, indexes, present, repetitions, values } from './rows';
import { encodeAlike, encodeBits, encodeRuns } from './runs';
import { distinctCount, plain, plainSize, sharedBytes, sizeOfText, startOfText } from './texts';

export { clearBody } from './body';
export { levelCount, pageCount, pages, valueCount } from './chunk';
export {
  gatherCodes,
  gatherNumbers,
  greatest,
  least,
  roomForColumn,
  roomForEnds,
  roomForOrder,
  takeCodes,
  takeLists,
  takeNumbers,
} from './rows';
export {
  distinctCount,
  greatestText,
  leastText,
  poolTexts,
  roomForStarts,
  roomForTexts,
  sizeOfText,
  startOfText,
} from './texts';

export function bodyStart(): usize {
  return body;
}

export function bodySize(): u32 {
  return <u32>(bodyEnd - body);
}

/** Levels `[from .. to]` of the chunk, of which so many have values. Most often all have, or none: one run. */
export function putLevels(from: u32, to: u32, withValues: u32): void {
  if (levels == Levels.optional) {
    const size = beginSized();
    if (withValues == 0 || withValues == to - from) encodeAlike(withValues == 0 ? 0 : 1, to - from);
    else encodeBits(present, from, to);
    endSized(size);
  }
  if (levels != Levels.list) return;
  const repeated = beginSized();
  encodeRuns(repetitions, from, to, 1);
  endSized(repeated);
  const defined = beginSized();
  encodeRuns(definitions, from, to, 2);
  endSized(defined);
}

/** Leaves room for the size of what comes next. @returns where. */
function beginSized(): usize {
  makeRoom(4);
  putUpTo(bodyEnd + 4);
  return bodyEnd - body;
}

function endSized(start: usize): void {
  store<u32>(body + start - 4, <u32>(bodyEnd - body - start));
}

/** All texts of the chunk, in PLAIN encoding: its dictionary. */
export function putDictionary(): void {
  makeRoom(plainSize);
  putBytes(plain, plainSize);
}

/** RLE_DICTIONARY of values `[from .. to]`. */
export function putIndexes(from: u32, to: u32): void {
  // Never 0 bits, which not every reader expects.
  const width = distinctCount <= 2 ? 1 : 32 - <u32>clz(distinctCount - 1);
  makeRoom(1);
  putByte(<u8>width);
  encodeRuns(indexes, from, to, width);
}

/** PLAIN of numbers `[from .. to]`. */
export function putNumbers(from: u32, to: u32): void {
  makeRoom(<u64>(to - from) * 8);
  putBytes(values + from * 8, (to - from) * 8);
}

/** DELTA_BINARY_PACKED of numbers `[from .. to]`. */
export function putDeltas(from: u32, to: u32): void {
  encodeDeltas(values, from, to);
}

/** What texts `[from .. to]` take together, each as often as it is among them. */
export function sizeOfTexts(from: u32, to: u32): f64 {
  let size: u64 = 0;
  for (let index = from; index < to; index++) size += sizeOfText(textAt(index));
  return <f64>size;
}

const prefixRoom = newRoom();
const lengthRoom = newRoom();

/** DELTA_LENGTH_BYTE_ARRAY of texts `[from .. to]`: all lengths, then all texts. */
export function putTextLengths(from: u32, to: u32): void {
  const prefixes = roomFor(prefixRoom, (to - from) * 8);
  memory.fill(prefixes, 0, (to - from) * 8);
  putSuffixes(prefixes, from, to);
}

/** DELTA_BYTE_ARRAY of the same: how much each text shares with the one before, and what follows. */
export function putSharedTexts(from: u32, to: u32): void {
  const prefixes = roomFor(prefixRoom, (to - from) * 8);
  let last = textAt(from);
  store<u64>(prefixes, 0);
  for (let index = from + 1; index < to; index++) {
    const text = textAt(index);
    const most = min(sizeOfText(text), sizeOfText(last));
    const shared = sharedBytes(startOfText(text), startOfText(last), most);
    store<u64>(prefixes + (index - from) * 8, shared);
    last = text;
  }
  encodeDeltas(prefixes, 0, to - from);
  putSuffixes(prefixes, from, to);
}

function putSuffixes(prefixes: usize, from: u32, to: u32): void {
  const lengths = roomFor(lengthRoom, (to - from) * 8);
  let total: u64 = 0;
  for (let index = from; index < to; index++) {
    const length = sizeOfText(textAt(index)) - load<u32>(prefixes + (index - from) * 8);
    store<u64>(lengths + (index - from) * 8, length);
    total += length;
  }
  encodeDeltas(lengths, 0, to - from);
  makeRoom(total);
  for (let index = from; index < to; index++) {
    const at = (index - from) * 8;
    putBytes(startOfText(textAt(index)) + load<u32>(prefixes + at), load<u32>(lengths + at));
  }
}

function textAt(index: u32): u32 {
  return load<u32>(indexes + index * 4);
}
