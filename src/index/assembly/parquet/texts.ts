/** The distinct texts of a chunk, as UTF-8 one after the other. */

import { copyBytes } from '../bytes';
import { valueCount } from './chunk';
import { clearRoomFor, newRoom, roomFor } from '../room';
import { indexes } from './rows';

/** Of a dictionary of no more, every entry is looked at for each chunk: quicker than a branch for each value. */
const fewEntries: u32 = 4096;
const lengthBytes: u32 = 4;

const bytesRoom = newRoom();
const startsRoom = newRoom();
const placesRoom = newRoom();
const distinctRoom = newRoom();
const plainRoom = newRoom();
const poolStartsRoom = newRoom();

let bytes: usize = 0;
let starts: usize = 0;
let entries: u32 = 0;
/** Of each code: its text's place in the chunk. All 0 between chunks. */
let places: usize = 0;
/** Places of the chunk's texts in the dictionary. */
let distinct: usize = 0;

export let distinctCount: u32 = 0;
/** In PLAIN encoding: each text behind its length. */
export let plain: usize = 0;
export let plainSize: u32 = 0;
/** Text `i` is from `poolStarts[i]` to `poolStarts[i + 1]` less `lengthBytes`: addresses. */
let poolStarts: usize = 0;
/** The least and greatest by their bytes, which is by their code points, among them. */
export let leastText: u32 = 0;
export let greatestText: u32 = 0;

/** @returns where the bytes of a column's dictionary go. */
export function roomForTexts(sizeBytes: u32): usize {
  bytes = roomFor(bytesRoom, sizeBytes);
  return bytes;
}

/** @returns where it goes where each text starts, and the last ends. */
export function roomForStarts(count: u32): usize {
  entries = count;
  starts = roomFor(startsRoom, (count + 1) * 4);
  places = clearRoomFor(placesRoom, (count + 1) * 4);
  return starts;
}

/** Replaces the codes of a chunk by places among its texts, of which it makes a pool. */
export function poolTexts(): void {
  distinct = roomFor(distinctRoom, min(valueCount, entries) * 4);
  distinctCount = entries <= fewEntries ? findFew() : findMany();
  copyTexts();
  findBounds();
}

function findFew(): u32 {
  for (let at: u32 = 0; at < valueCount; at++) store<u32>(places + load<u32>(indexes + at * 4) * 4, 1);
  let found: u32 = 0;
  for (let code: u32 = 1; code <= entries; code++) {
    if (load<u32>(places + code * 4) == 0) continue;
    store<u32>(distinct + found * 4, code - 1);
    store<u32>(places + code * 4, found++);
  }
  for (let at: u32 = 0; at < valueCount; at++) {
    store<u32>(indexes + at * 4, load<u32>(places + load<u32>(indexes + at * 4) * 4));
  }
  memory.fill(places, 0, (entries + 1) * 4);
  return found;
}

/** In order of their first; places from 1, as 0 tells that a code has none yet. */
function findMany(): u32 {
  let found: u32 = 0;
  for (let at: u32 = 0; at < valueCount; at++) {
    const code = load<u32>(indexes + at * 4);
    let place = load<u32>(places + code * 4);
    if (place == 0) {
      store<u32>(distinct + found * 4, code - 1);
      place = ++found;
      store<u32>(places + code * 4, place);
    }
    store<u32>(indexes + at * 4, place - 1);
  }
  for (let at: u32 = 0; at < found; at++) store<u32>(places + (load<u32>(distinct + at * 4) + 1) * 4, 0);
  return found;
}

function copyTexts(): void {
  let size: u32 = distinctCount * lengthBytes;
  for (let at: u32 = 0; at < distinctCount; at++) {
    const start = starts + load<u32>(distinct + at * 4) * 4;
    size += load<u32>(start, 4) - load<u32>(start);
  }
  plain = roomFor(plainRoom, size);
  plainSize = size;
  poolStarts = roomFor(poolStartsRoom, (distinctCount + 1) * 4);
  let to = plain;
  for (let at: u32 = 0; at < distinctCount; at++) {
    const start = starts + load<u32>(distinct + at * 4) * 4;
    const length = load<u32>(start, 4) - load<u32>(start);
    store<u32>(to, length);
    to += lengthBytes;
    store<usize>(poolStarts + at * 4, to);
    copyBytes(to, bytes + load<u32>(start), length);
    to += length;
  }
  store<usize>(poolStarts + distinctCount * 4, to + lengthBytes);
}

export function startOfText(text: u32): usize {
  return load<usize>(poolStarts + text * 4);
}

export function sizeOfText(text: u32): u32 {
  return <u32>(startOfText(text + 1) - lengthBytes - startOfText(text));
}

function findBounds(): void {
  leastText = 0;
  greatestText = 0;
  for (let text: u32 = 1; text < distinctCount; text++) {
    if (isBefore(text, leastText)) leastText = text;
    else if (isBefore(greatestText, text)) greatestText = text;
  }
}

function isBefore(left: u32, right: u32): bool {
  const leftSize = sizeOfText(left);
  const rightSize = sizeOfText(right);
  const common = min(leftSize, rightSize);
  const shared = sharedBytes(startOfText(left), startOfText(right), common);
  if (shared == common) return leftSize < rightSize;
  return load<u8>(startOfText(left) + shared) < load<u8>(startOfText(right) + shared);
}

/** How many of the first `most` bytes are the same. */
export function sharedBytes(left: usize, right: usize, most: u32): u32 {
  let at: u32 = 0;
  for (; at < most; at += 8) {
    const differences = load<u64>(left + at) ^ load<u64>(right + at);
    if (differences != 0) return min(at + <u32>(ctz(differences) >> 3), most);
  }
  return most;
}
