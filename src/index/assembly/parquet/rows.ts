/** Gathers columns in the file's order: row `i` of the file is row `order[i]` of the columns. */

import { addPage, beginChunk, Levels, pageRows, valueCount } from './chunk';
import { newRoom, roomFor } from '../room';

const orderRoom = newRoom();
const gatheredRoom = newRoom();
const presentRoom = newRoom();
const indexRoom = newRoom();
const valueRoom = newRoom();
const definitionRoom = newRoom();
const repetitionRoom = newRoom();
const sourceRoom = newRoom();
const endsRoom = newRoom();

let order: usize = 0;
let rowCount: u32 = 0;
/** The column as it came: codes or numbers, of lists those of all elements. */
let source: usize = 0;
/** Of lists: where each row's elements end. */
let ends: usize = 0;
/** The column in the file's order, but for lists. */
let gathered: usize = 0;
let isRequired: bool = false;

/** A bit for each row of the chunk that has a value. */
export let present: usize = 0;
/** Codes of the chunk's values, and their places among its texts once these were found. */
export let indexes: usize = 0;
/** Whole numbers of the chunk, and the least and greatest of them; infinite without any. */
export let values: usize = 0;
export let least: f64 = 0;
export let greatest: f64 = 0;
/** Levels of lists. */
export let definitions: usize = 0;
export let repetitions: usize = 0;

/** @returns where the order of so many rows goes. */
export function roomForOrder(rows: u32): usize {
  rowCount = rows;
  order = roomFor(orderRoom, rows * 4);
  gathered = roomFor(gatheredRoom, rows * 8);
  return order;
}

/** @returns where a column goes. */
export function roomForColumn(sizeBytes: u32): usize {
  source = roomFor(sourceRoom, sizeBytes);
  return source;
}

/** @returns where the ends of a column of lists go. */
export function roomForEnds(sizeBytes: u32): usize {
  ends = roomFor(endsRoom, sizeBytes);
  return ends;
}

/** Brings codes into order: by itself, as the processor then fetches many at once. @returns whether no row is null. */
export function gatherCodes(): bool {
  let all: u32 = 1;
  for (let row: u32 = 0; row < rowCount; row++) {
    const code = load<u32>(source + load<u32>(order + row * 4) * 4);
    store<u32>(gathered + row * 4, code);
    all &= <u32>(code != 0);
  }
  isRequired = all != 0;
  return isRequired;
}

/** As `gatherCodes`, numbers. */
export function gatherNumbers(): bool {
  let all: u32 = 1;
  for (let row: u32 = 0; row < rowCount; row++) {
    const value = load<f64>(source + load<u32>(order + row * 4) * 8);
    store<f64>(gathered + row * 8, value);
    all &= <u32>(value == value);
  }
  isRequired = all != 0;
  return isRequired;
}

function begin(from: u32, to: u32): void {
  beginChunk(isRequired ? Levels.required : Levels.optional, to - from, pagesOf(to - from));
  present = roomFor(presentRoom, (to - from) / 8 + 8);
}

function pagesOf(rows: u32): u32 {
  return (rows + pageRows - 1) / pageRows;
}

/** Rows `[from .. to]` of a column of texts: their codes, as yet. */
export function takeCodes(from: u32, to: u32): void {
  begin(from, to);
  indexes = roomFor(indexRoom, (to - from + 1) * 4);
  for (let start = from; start < to; start += pageRows) {
    const end = min(start + pageRows, to);
    addPage(end - start, end - from, takeCodesOfPage(start, end, from));
  }
}

/** @param first row of the chunk. @returns where the page's values end. */
function takeCodesOfPage(start: u32, end: u32, first: u32): u32 {
  let count = valueCount;
  for (let row = start; row < end; row++) {
    const code = load<u32>(gathered + row * 4);
    // No branch on what cannot be foretold: the place of a null is used again.
    const here = <u32>(code != 0);
    store<u32>(indexes + count * 4, code);
    count += here;
    setPresent(row - first, here);
  }
  return count;
}

/** Of one row of the chunk after the other. */
function setPresent(row: u32, here: u32): void {
  const byte = present + (row >> 3);
  const bit = row & 7;
  store<u8>(byte, bit == 0 ? here : load<u8>(byte) | (here << bit));
}

/** As `takeCodes`, of numbers. */
export function takeNumbers(from: u32, to: u32): void {
  begin(from, to);
  values = roomFor(valueRoom, (to - from + 1) * 8);
  least = Infinity;
  greatest = -Infinity;
  for (let start = from; start < to; start += pageRows) {
    const end = min(start + pageRows, to);
    addPage(end - start, end - from, takeNumbersOfPage(start, end, from));
  }
}

function takeNumbersOfPage(start: u32, end: u32, first: u32): u32 {
  let count = valueCount;
  for (let row = start; row < end; row++) {
    const value = load<f64>(gathered + row * 8);
    const here = <u32>(value == value);
    store<i64>(values + count * 8, <i64>value);
    count += here;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    setPresent(row - first, here);
  }
  return count;
}

/** Levels of an element and of a null list, in a list of elements that could be null as well. */
const absent: u32 = 0;
const element: u32 = 3;
/** Levels of a row's first element, and of each further one. */
const ofFirst: u32 = 0;
const ofFurther: u32 = 1;

/** Rows `[from .. to]` of a column of lists: the codes of their elements, as yet. */
export function takeLists(from: u32, to: u32): void {
  let count: u32 = 0;
  for (let row = from; row < to; row++) count += max(elementsOf(row), 1);
  beginChunk(Levels.list, count, pagesOf(to - from));
  definitions = roomFor(definitionRoom, count * 4);
  repetitions = roomFor(repetitionRoom, count * 4);
  indexes = roomFor(indexRoom, count * 4);
  let level: u32 = 0;
  let value: u32 = 0;
  for (let start = from; start < to; start += pageRows) {
    const end = min(start + pageRows, to);
    for (let row = start; row < end; row++) {
      const elements = elementsOf(row);
      addLevels(level, elements);
      level += max(elements, 1);
      const codes = source + startOf(row) * 4;
      for (let at: u32 = 0; at < elements; at++) store<u32>(indexes + (value + at) * 4, load<u32>(codes + at * 4));
      value += elements;
    }
    addPage(end - start, level, value);
  }
}

function addLevels(at: u32, elements: u32): void {
  store<u32>(repetitions + at * 4, ofFirst);
  store<u32>(definitions + at * 4, elements == 0 ? absent : element);
  for (let level = at + 1; level < at + elements; level++) {
    store<u32>(repetitions + level * 4, ofFurther);
    store<u32>(definitions + level * 4, element);
  }
}

function elementsOf(row: u32): u32 {
  return load<u32>(ends + load<u32>(order + row * 4) * 4) - startOf(row);
}

function startOf(row: u32): u32 {
  const at = load<u32>(order + row * 4);
  return at == 0 ? 0 : load<u32>(ends + (at - 1) * 4);
}
