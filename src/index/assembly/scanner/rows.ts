/** Rows of some lines, column by column, until the host takes them. */

import { codeOf, Dictionary } from './dictionary';

export const maxRows: u32 = 1024;
/** More are found among each other too slowly. */
const maxTokens: u32 = 64;
const maxTexts: u32 = 32;
const maxNumbers: u32 = 8;
/** What a record is that does not say so: the first of the texts. */
const usualEvent: usize = memory.data<u8>(
  [0x6c, 0x6f, 0x67, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  16,
);
const usualEventSize: u32 = 3;

/** A code for each text and row, `maxRows` of a text behind each other; 0 where there is none. The one behind them is the rest. */
export const textCodes: usize = memory.data(33 * 1024 * 4, 16);
/** As these, the numbers; NaN where there is none. */
export const numbers: usize = memory.data(8 * 1024 * 8, 16);
export const times: usize = memory.data(1024 * 8, 16);
/** Where in the log object's text each line starts. */
export const offsets: usize = memory.data(1024 * 8, 16);
/** Codes of field tokens, row after row, and where those of each row end. */
export const tokenCodes: usize = memory.data(1024 * 64 * 4, 16);
export const tokenEnds: usize = memory.data(1024 * 4, 16);
/** Dictionaries of the texts, of the rest, and of the tokens. */
export const dictionaries: usize = memory.data(34 * 4, 16);
export const restField: u32 = maxTexts;
export const tokensField: u32 = maxTexts + 1;

export let rows: u32 = 0;
export let tokenCount: u32 = 0;

/** Of the line that is looked at: what is seen of it becomes a row only when all of it was read. */
const textStarts: usize = memory.data(32 * 4, 16);
const textSizes: usize = memory.data(32 * 4, 16);
const textsSeen: usize = memory.data(32 * 4, 16);
let textCount: u32 = 0;
const numberValues: usize = memory.data(8 * 8, 16);
const numbersSeen: usize = memory.data(8 * 4, 16);
let numberCount: u32 = 0;
/** Where each field token of the line ends, the one before it being the start of it. */
const tokenPlaces: usize = memory.data(64 * 4, 16);
let tokensOfLine: u32 = 0;

/** Rows that may have something: at first all, as memory begins with other numbers. */
let begun: u32 = maxRows;

/** No more than need be: it is done anew behind each line that is left. */
export function clearRows(): void {
  rows = 0;
  tokenCount = 0;
  if (begun == 0) return;
  for (let field: u32 = 0; field <= maxTexts; field++) {
    for (let row: u32 = 0; row < begun; row++) store<u32>(textCodes + (field * maxRows + row) * 4, 0);
  }
  for (let field: u32 = 0; field < maxNumbers; field++) {
    for (let row: u32 = 0; row < begun; row++) store<f64>(numbers + (field * maxRows + row) * 8, NaN);
  }
  begun = 0;
}

export function beginLine(): void {
  textCount = 0;
  numberCount = 0;
  tokensOfLine = 0;
}

/** A key is in a record but once. */
export function addText(field: u32, start: usize, size: u32): void {
  store<u32>(textsSeen + textCount * 4, field);
  store<usize>(textStarts + textCount * 4, start);
  store<u32>(textSizes + textCount * 4, size);
  textCount += 1;
}

export function addNumber(field: u32, value: f64): void {
  store<u32>(numbersSeen + numberCount * 4, field);
  store<f64>(numberValues + numberCount * 8, value);
  numberCount += 1;
}

/** @returns whether there was room for it. */
export function addToken(end: usize): bool {
  if (tokensOfLine == maxTokens) return false;
  store<usize>(tokenPlaces + tokensOfLine * 4, end);
  tokensOfLine += 1;
  return true;
}

/** The line as one more row. @param tokens where the first of its field tokens starts. */
export function addRow(ms: f64, offset: f64, rest: usize, restSize: u32, tokens: usize): void {
  const row = rows;
  begun = row + 1;
  store<f64>(times + row * 8, ms);
  store<f64>(offsets + row * 8, offset);
  for (let at: u32 = 0; at < numberCount; at++) {
    const field = load<u32>(numbersSeen + at * 4);
    store<f64>(numbers + (field * maxRows + row) * 8, load<f64>(numberValues + at * 8));
  }
  for (let at: u32 = 0; at < textCount; at++) {
    setText(load<u32>(textsSeen + at * 4), load<usize>(textStarts + at * 4), load<u32>(textSizes + at * 4));
  }
  if (load<u32>(textCodes + row * 4) == 0) setText(0, usualEvent, usualEventSize);
  if (restSize > 0) setText(restField, rest, restSize);
  addTokens(tokens);
  rows = row + 1;
}

function setText(field: u32, start: usize, size: u32): void {
  store<u32>(textCodes + (field * maxRows + rows) * 4, codeOf(dictionaryOf(field), start, size));
}

/** Each once. */
function addTokens(first: usize): void {
  const dictionary = dictionaryOf(tokensField);
  const codes = tokenCodes + tokenCount * 4;
  let start = first;
  let count: u32 = 0;
  for (let at: u32 = 0; at < tokensOfLine; at++) {
    const end = load<usize>(tokenPlaces + at * 4);
    const code = codeOf(dictionary, start, <u32>(end - start));
    start = end;
    let same: u32 = 0;
    while (same < count && load<u32>(codes + same * 4) != code) same++;
    if (same == count) store<u32>(codes + count++ * 4, code);
  }
  tokenCount += count;
  store<u32>(tokenEnds + rows * 4, tokenCount);
}

function dictionaryOf(field: u32): Dictionary {
  return changetype<Dictionary>(load<usize>(dictionaries + field * 4));
}
