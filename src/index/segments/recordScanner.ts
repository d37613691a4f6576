/**
 * Reads a record straight from the bytes of its line into a row of a draft, without making an object or a string of it. It takes what nearly
 * every line is: an object spelt plainly, with fields of the types that the contract gives them, and anything else beside them. What
 * is odd in any way (`scan` gives -1) is for the plain reader, `parseRecord`, which is what decides the meaning: a line that is taken
 * here gives the same row (test/unit/indexScanner.test.ts).
 */

import { parseTimestamp } from '../../model/record.ts';
import { ByteWriter } from '../parquet/encode/byteWriter.ts';
import { appendQuoted, unescapeAt } from './escapedBytes.ts';
import { asciiAt, endOfPlainNumber, isDigit, isWordAt, mayBeTimeAt, pastBlanks, usualTimeAt } from './jsonBytes.ts';
import { KeyNode, scannedNumbers, scannedTexts } from './keyTree.ts';
import { finishHash, hashFactor, hashOf, hashSeed } from './textDictionary.ts';
import { TokenList } from './tokenList.ts';

/** Hostile logs have other keys in each line: those are left to the plain reader. */
const maxKeys = 4096;
/** What is kept of keys must not grow with what a hostile log has for one. */
const maxPathBytes = 1024;
const maxDepth = 32;
/** More are found among each other too slowly. */
const maxTokens = 64;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const words = { null: ascii('null'), true: ascii('true'), false: ascii('false') } as const;
const types = { string: 0x73, number: 0x6e, boolean: 0x62, object: 0x6f, time: 0x74 } as const;

/** Where a text of the record lies; `bytes` are those of the line, or what was made of escaped ones. */
export interface ScannedText {
  /** The record that has it, as `RecordScanner.record` counts them. */
  record: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  hash: number;
}

export interface ScannedNumber {
  record: number;
  value: number;
}

export class RecordScanner {
  /** Counts the lines that were looked at: what has this number is of the last one. */
  record = 0;
  tsMs = 0;
  /** By `KeyNode.field`. */
  readonly texts: readonly ScannedText[] = scannedTexts.map(() => {
    return { record: 0, bytes: new Uint8Array(0), start: 0, end: 0, hash: 0 };
  });
  readonly numbers: readonly ScannedNumber[] = scannedNumbers.map(() => ({ record: 0, value: 0 }));
  /** What is not canonical: as text of a JSON object without its last brace, empty if there is nothing, and as field tokens. */
  readonly rest = new ByteWriter(1024);
  readonly tokens = new TokenList(maxTokens);
  #bytes: Uint8Array = new Uint8Array(0);
  #root = KeyNode.root();
  #keys = 0;
  #objects = 0;
  #hasTime = false;
  /** Whether the value that was read last is or holds a string, number or boolean. */
  #holds = false;

  /** Whether the object at `start` was taken. @returns where it ends, or -1. A line feed must follow somewhere. */
  scan(bytes: Uint8Array, start: number): number {
    if (bytes[start] !== openBrace) return -1;
    if (this.#bytes !== bytes) this.#bytes = bytes;
    this.record += 1;
    this.rest.clear();
    this.tokens.clear();
    this.#hasTime = false;
    const end = this.#members(start, this.#root, 0);
    return this.#hasTime ? end : -1;
  }

  /** The members of the object at `start`, of which each is read by what its key means. */
  #members(start: number, parent: KeyNode, depth: number): number {
    const bytes = this.#bytes;
    const object = ++this.#objects;
    let at = pastBlanks(bytes, start + 1);
    if (bytes[at] === closeBrace) return at + 1;
    let before: KeyNode | undefined;
    let holds = false;
    for (;;) {
      const likely: KeyNode | undefined = before ? before.likelyNext : parent.likelyFirst;
      const node = likely?.isAt(bytes, at) === true ? likely : this.#keyAt(at, parent);
      if (!node || node.seenIn === object) return -1;
      node.seenIn = object;
      const isFirst = before === undefined;
      // Mostly it is: to store it again would be noted for the garbage collector each time.
      if (node !== likely) {
        if (before) before.likelyNext = node;
        else parent.likelyFirst = node;
      }
      before = node;
      at = pastBlanks(bytes, at + node.quoted.length);
      if (bytes[at] !== colon) return -1;
      at = pastBlanks(bytes, at + 1);
      switch (node.kind) {
        case 'text':
          at = this.#text(at, this.texts[node.field] as ScannedText);
          break;
        case 'number':
          at = this.#number(at, node.field);
          break;
        case 'time':
          at = this.#time(at);
          break;
        case 'parts':
          at = bytes[at] === openBrace ? this.#members(at, node, depth) : this.#null(at);
          break;
        case 'rest':
          at = depth === 0 ? this.#topRest(at, node) : this.#nestedRest(at, node, isFirst, depth);
          holds ||= this.#holds;
          break;
        case 'odd':
          return -1;
      }
      if (at < 0) return -1;
      at = pastBlanks(bytes, at);
      if (bytes[at] === comma) at = pastBlanks(bytes, at + 1);
      else if (bytes[at] === closeBrace) break;
      else return -1;
    }
    this.#holds = holds;
    return at + 1;
  }

  #keyAt(start: number, parent: KeyNode): KeyNode | undefined {
    const bytes = this.#bytes;
    if (bytes[start] !== quote) return undefined;
    let end = start + 1;
    for (; bytes[end] !== quote; end++) if ((bytes[end] as number) < 0x20 || bytes[end] === backslash) return undefined;
    const known = parent.child(bytes, start, end + 1);
    if (known || this.#keys === maxKeys) return known;
    if (parent.tokenStart.length + end - start > maxPathBytes) return undefined;
    this.#keys += 1;
    return parent.addChild(bytes, start, end + 1);
  }

  #text(start: number, text: ScannedText): number {
    const bytes = this.#bytes;
    if (bytes[start] !== quote) return this.#null(start);
    let hash = hashSeed;
    let at = start + 1;
    for (; ; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) break;
      if (byte === backslash) return this.#escapedText(start, text);
      if (byte < 0x20) return -1;
      hash = Math.imul(hash ^ byte, hashFactor);
    }
    // One that is a time has a field token.
    if (mayBeTimeAt(bytes, start + 1, at)) return -1;
    text.record = this.record;
    if (text.bytes !== bytes) text.bytes = bytes;
    text.start = start + 1;
    text.end = at;
    text.hash = finishHash(hash);
    return at + 1;
  }

  #escapedText(start: number, text: ScannedText): number {
    const unescaped = unescapeAt(this.#bytes, start + 1);
    if (!unescaped || mayBeTimeAt(unescaped.bytes, 0, unescaped.bytes.length)) return -1;
    text.record = this.record;
    text.bytes = unescaped.bytes;
    text.start = 0;
    text.end = unescaped.bytes.length;
    text.hash = hashOf(unescaped.bytes, 0, text.end);
    return unescaped.end + 1;
  }

  #number(start: number, field: number): number {
    const bytes = this.#bytes;
    if (!isDigit(bytes[start])) return this.#null(start);
    const end = endOfPlainNumber(bytes, start);
    if (end < 0) return -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      if (!isDigit(bytes[at])) return -1;
      value = value * 10 + ((bytes[at] as number) - 0x30);
    }
    const number = this.numbers[field];
    if (number) [number.record, number.value] = [this.record, value];
    return end;
  }

  #time(start: number): number {
    const bytes = this.#bytes;
    let end: number;
    let ms: number | undefined;
    if (bytes[start] === quote) {
      end = start + 25;
      ms = bytes[end] === quote ? usualTimeAt(bytes, start + 1) : Number.NaN;
      if (Number.isNaN(ms)) {
        end = this.#endOfString(start);
        ms = end < 0 ? undefined : parseTimestamp(asciiAt(bytes, start + 1, end));
      }
      end += 1;
    } else {
      end = endOfPlainNumber(bytes, start);
      ms = end < 0 ? undefined : parseTimestamp(Number(asciiAt(bytes, start, end)));
    }
    if (ms === undefined) return -1;
    this.tsMs = ms;
    this.#hasTime = true;
    return end;
  }

  #null(start: number): number {
    return isWordAt(this.#bytes, start, words.null) ? start + 4 : -1;
  }

  /** The quote that ends the string; -1 where anything in it is escaped. */
  #endOfString(start: number): number {
    const bytes = this.#bytes;
    for (let at = start + 1; ; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) return at;
      if (byte === backslash || byte < 0x20) return -1;
    }
  }

  /** A field beside the canonical ones; one that is null is none. */
  #topRest(start: number, node: KeyNode): number {
    if (isWordAt(this.#bytes, start, words.null)) return start + 4;
    this.rest.byte(this.rest.length === 0 ? openBrace : comma);
    this.rest.copy(node.quoted, 0, node.quoted.length);
    this.rest.byte(colon);
    return this.#value(start, node, 1);
  }

  #nestedRest(start: number, node: KeyNode, isFirst: boolean, depth: number): number {
    if (!isFirst) this.rest.byte(comma);
    this.rest.copy(node.quoted, 0, node.quoted.length);
    this.rest.byte(colon);
    return this.#value(start, node, depth);
  }

  /** Copies a value to `rest` and adds its field tokens, in the order of `fieldTokens`. */
  #value(start: number, node: KeyNode, depth: number): number {
    const bytes = this.#bytes;
    switch (bytes[start]) {
      case openBrace:
        return this.#object(start, node, depth);
      case openBracket:
        return this.#array(start, node, depth);
      case quote: {
        const end = this.#endOfString(start);
        if (end < 0) return this.#escapedValue(start, node);
        this.rest.copy(bytes, start, end + 1);
        return this.#addText(node, bytes, start + 1, end) ? end + 1 : -1;
      }
      case 0x74:
        return isWordAt(bytes, start, words.true) ? this.#scalar(start, start + 4, node, types.boolean) : -1;
      case 0x66:
        return isWordAt(bytes, start, words.false) ? this.#scalar(start, start + 5, node, types.boolean) : -1;
      case 0x6e:
        this.#holds = false;
        this.rest.copy(words.null, 0, 4);
        return this.#null(start);
      default: {
        const end = endOfPlainNumber(bytes, start);
        return end < 0 ? -1 : this.#scalar(start, end, node, types.number);
      }
    }
  }

  #scalar(start: number, end: number, node: KeyNode, type: number): number {
    this.#holds = true;
    this.rest.copy(this.#bytes, start, end);
    return this.tokens.add(node.tokenStart, type, this.#bytes, start, end) ? end : -1;
  }

  /** Spells the string as `JSON.stringify` would. */
  #escapedValue(start: number, node: KeyNode): number {
    const unescaped = unescapeAt(this.#bytes, start + 1);
    if (!unescaped) return -1;
    const { bytes, end } = unescaped;
    appendQuoted(this.rest, bytes);
    return this.#addText(node, bytes, 0, bytes.length) ? end + 1 : -1;
  }

  /** The tokens of a string: itself and, where it is a time, its moment. */
  #addText(node: KeyNode, bytes: Uint8Array, start: number, end: number): boolean {
    this.#holds = true;
    const { tokens } = this;
    if (!tokens.add(node.tokenStart, types.string, bytes, start, end)) return false;
    const ms = mayBeTimeAt(bytes, start, end) ? parseTimestamp(asciiAt(bytes, start, end)) : undefined;
    if (ms === undefined) return true;
    const moment = ascii(String(ms));
    return tokens.add(node.tokenStart, types.time, moment, 0, moment.length);
  }

  #object(start: number, node: KeyNode, depth: number): number {
    if (depth === maxDepth) return -1;
    this.rest.byte(openBrace);
    this.#holds = false;
    const end = this.#members(start, node, depth + 1);
    if (end < 0) return -1;
    this.rest.byte(closeBrace);
    if (!this.#holds) return end;
    return this.tokens.add(node.tokenStart, types.object, this.#bytes, end, end) ? end : -1;
  }

  /** Elements share the path of their array. */
  #array(start: number, node: KeyNode, depth: number): number {
    const bytes = this.#bytes;
    if (depth === maxDepth) return -1;
    let holds = false;
    this.rest.byte(openBracket);
    let at = pastBlanks(bytes, start + 1);
    if (bytes[at] !== closeBracket) {
      for (;;) {
        at = this.#value(at, node, depth + 1);
        if (at < 0) return -1;
        holds ||= this.#holds;
        at = pastBlanks(bytes, at);
        if (bytes[at] === closeBracket) break;
        if (bytes[at] !== comma) return -1;
        this.rest.byte(comma);
        at = pastBlanks(bytes, at + 1);
      }
    }
    this.rest.byte(closeBracket);
    this.#holds = holds;
    return at + 1;
  }
}
