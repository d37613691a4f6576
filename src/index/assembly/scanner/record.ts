/**
 * Reads a record straight from the bytes of its line into a row. It takes what nearly every line is: an object spelt plainly, with fields of
 * the types that the contract gives them, and anything else beside them. What is odd in any way is for the host, whose reading is what
 * decides the meaning.
 */

import { addQuoted, addUnescaped } from './escapes';
import { spellMoment, timeOfNumber, timeOfText } from './host';
import {
  closeBrace,
  closeBracket,
  colon,
  comma,
  endOfPlain,
  endOfPlainNumber,
  isDigit,
  isFalseAt,
  isNullAt,
  isTrueAt,
  mayBeTimeAt,
  openBrace,
  openBracket,
  pastBlanks,
  pastLineEnd,
  quote,
  usualTimeAt,
  wholeNumber,
} from './json';
import { isKeyAt, keyAt, KeyKind, KeyNode, root } from './keys';
import { addByte, addBytes, newPieces } from './pieces';
import { addNumber, addRow, addText, addToken, beginLine } from './rows';

const maxDepth: u32 = 32;
const separator: u8 = 0x1f;
/** Letters of the types of field tokens. */
const aString: u8 = 0x73;
const aNumber: u8 = 0x6e;
const aBoolean: u8 = 0x62;
const anObject: u8 = 0x6f;
const aTime: u8 = 0x74;

/** Texts that were escaped. */
const unescaped = newPieces();
/** What is not canonical: as text of a JSON object. */
const rest = newPieces();
/** Field tokens, one behind the other. */
const tokens = newPieces();
const moment: usize = memory.data(40, 16);

let objects: u64 = 0;
let timeMs: f64 = 0;
let hasTime: bool = false;
/** Whether the value that was read last is or holds a string, number or boolean. */
let holds: bool = false;

/** Makes a row of the line at `start`. @returns where the next line starts; 0 where this one was left. */
export function scanLine(start: usize, offset: f64): usize {
  if (load<u8>(start) != openBrace) return 0;
  beginLine();
  unescaped.end = unescaped.start;
  rest.end = rest.start;
  tokens.end = tokens.start;
  hasTime = false;
  const end = members(start, root, 0);
  if (end == 0 || !hasTime) return 0;
  const next = pastLineEnd(end);
  if (next == 0) return 0;
  if (rest.end > rest.start && !addByte(rest, closeBrace)) return 0;
  addRow(timeMs, offset, rest.start, <u32>(rest.end - rest.start), tokens.start);
  return next;
}

/** The members of the object at `start`, of which each is read by what its key means. */
function members(start: usize, parent: KeyNode, depth: u32): usize {
  const object = ++objects;
  let at = pastBlanks(start + 1);
  if (load<u8>(at) == closeBrace) return at + 1;
  let before: KeyNode | null = null;
  let held: bool = false;
  for (;;) {
    const isFirst = before == null;
    const likely = before != null ? before.likelyNext : parent.likelyFirst;
    let node: KeyNode;
    if (likely != null && isKeyAt(likely, at)) node = likely;
    else {
      const found = keyAt(at, parent);
      if (found == null) return 0;
      node = found;
      if (before != null) before.likelyNext = node;
      else parent.likelyFirst = node;
    }
    if (node.seenIn == object) return 0;
    node.seenIn = object;
    before = node;
    at = pastBlanks(at + node.quotedSize);
    if (load<u8>(at) != colon) return 0;
    at = pastBlanks(at + 1);
    switch (node.kind) {
      case KeyKind.text:
        at = text(at, node.field);
        break;
      case KeyKind.number:
        at = number(at, node.field);
        break;
      case KeyKind.time:
        at = time(at);
        break;
      case KeyKind.parts:
        at = load<u8>(at) == openBrace ? members(at, node, depth) : pastNull(at);
        break;
      case KeyKind.rest:
        at = depth == 0 ? topRest(at, node) : nestedRest(at, node, isFirst, depth);
        held = held || holds;
        break;
      case KeyKind.odd:
        return 0;
    }
    if (at == 0) return 0;
    at = pastBlanks(at);
    if (load<u8>(at) == closeBrace) break;
    if (load<u8>(at) != comma) return 0;
    at = pastBlanks(at + 1);
  }
  holds = held;
  return at + 1;
}

function text(start: usize, field: u32): usize {
  if (load<u8>(start) != quote) return pastNull(start);
  let from = start + 1;
  let to = endOfPlain(from);
  let end = to;
  if (load<u8>(to) != quote) {
    from = unescaped.end;
    end = addUnescaped(unescaped, start + 1);
    if (end == 0) return 0;
    to = unescaped.end;
  }
  // One that is a time has a field token.
  if (mayBeTimeAt(from, to)) return 0;
  addText(field, from, <u32>(to - from));
  return end + 1;
}

function number(start: usize, field: u32): usize {
  if (!isDigit(load<u8>(start))) return pastNull(start);
  const end = endOfPlainNumber(start);
  if (end == 0) return 0;
  const value = wholeNumber(start, end);
  if (value < 0) return 0;
  addNumber(field, value);
  return end;
}

function time(start: usize): usize {
  let end: usize;
  if (load<u8>(start) == quote) {
    end = start + 25;
    let ms = load<u8>(end) == quote ? usualTimeAt(start + 1) : NaN;
    if (isNaN(ms)) {
      end = endOfPlain(start + 1);
      if (load<u8>(end) != quote) return 0;
      ms = timeOfText(start + 1, <u32>(end - start - 1));
    }
    timeMs = ms;
    end += 1;
  } else {
    end = endOfPlainNumber(start);
    if (end == 0) return 0;
    timeMs = timeOfNumber(start, <u32>(end - start));
  }
  hasTime = !isNaN(timeMs);
  return hasTime ? end : 0;
}

function pastNull(start: usize): usize {
  return isNullAt(start) ? start + 4 : 0;
}

/** A field beside the canonical ones; one that is null is none. */
function topRest(start: usize, node: KeyNode): usize {
  if (isNullAt(start)) {
    holds = false;
    return start + 4;
  }
  if (!addByte(rest, rest.end == rest.start ? openBrace : comma)) return 0;
  return member(start, node, 1);
}

function nestedRest(start: usize, node: KeyNode, isFirst: bool, depth: u32): usize {
  if (!isFirst && !addByte(rest, comma)) return 0;
  return member(start, node, depth);
}

function member(start: usize, node: KeyNode, depth: u32): usize {
  if (!addBytes(rest, node.quoted, node.quotedSize) || !addByte(rest, colon)) return 0;
  return value(start, node, depth);
}

/** Copies a value to `rest` and adds its field tokens, in the order of the host's `fieldTokens`. */
function value(start: usize, node: KeyNode, depth: u32): usize {
  switch (load<u8>(start)) {
    case openBrace:
      return objectValue(start, node, depth);
    case openBracket:
      return arrayValue(start, node, depth);
    case quote:
      return textValue(start, node);
    case 0x74:
      return isTrueAt(start) ? scalar(start, start + 4, node, aBoolean) : 0;
    case 0x66:
      return isFalseAt(start) ? scalar(start, start + 5, node, aBoolean) : 0;
    case 0x6e:
      holds = false;
      return isNullAt(start) && addBytes(rest, start, 4) ? start + 4 : 0;
    default: {
      const end = endOfPlainNumber(start);
      return end == 0 ? 0 : scalar(start, end, node, aNumber);
    }
  }
}

function scalar(start: usize, end: usize, node: KeyNode, type: u8): usize {
  holds = true;
  return addBytes(rest, start, <u32>(end - start)) && token(node, type, start, end) ? end : 0;
}

function textValue(start: usize, node: KeyNode): usize {
  const end = endOfPlain(start + 1);
  if (load<u8>(end) == quote) {
    if (!addBytes(rest, start, <u32>(end + 1 - start))) return 0;
    return textTokens(node, start + 1, end) ? end + 1 : 0;
  }
  const from = unescaped.end;
  const last = addUnescaped(unescaped, start + 1);
  if (last == 0 || !addQuoted(rest, from, unescaped.end)) return 0;
  return textTokens(node, from, unescaped.end) ? last + 1 : 0;
}

/** The tokens of a string: itself and, where it is a time, its moment. */
function textTokens(node: KeyNode, start: usize, end: usize): bool {
  holds = true;
  if (!token(node, aString, start, end)) return false;
  if (!mayBeTimeAt(start, end)) return true;
  const ms = timeOfText(start, <u32>(end - start));
  return isNaN(ms) || token(node, aTime, moment, moment + spellMoment(ms, moment));
}

function token(node: KeyNode, type: u8, start: usize, end: usize): bool {
  return (
    addBytes(tokens, node.tokenStart, node.tokenStartSize) &&
    addByte(tokens, type) &&
    addByte(tokens, separator) &&
    addBytes(tokens, start, <u32>(end - start)) &&
    addToken(tokens.end)
  );
}

function objectValue(start: usize, node: KeyNode, depth: u32): usize {
  if (depth == maxDepth || !addByte(rest, openBrace)) return 0;
  holds = false;
  const end = members(start, node, depth + 1);
  if (end == 0 || !addByte(rest, closeBrace)) return 0;
  return !holds || token(node, anObject, end, end) ? end : 0;
}

/** Elements share the path of their array. */
function arrayValue(start: usize, node: KeyNode, depth: u32): usize {
  if (depth == maxDepth || !addByte(rest, openBracket)) return 0;
  let held: bool = false;
  let at = pastBlanks(start + 1);
  if (load<u8>(at) != closeBracket) {
    for (;;) {
      at = value(at, node, depth + 1);
      if (at == 0) return 0;
      held = held || holds;
      at = pastBlanks(at);
      if (load<u8>(at) == closeBracket) break;
      if (load<u8>(at) != comma || !addByte(rest, comma)) return 0;
      at = pastBlanks(at + 1);
    }
  }
  holds = held;
  return addByte(rest, closeBracket) ? at + 1 : 0;
}
