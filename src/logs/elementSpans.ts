/** Where the elements of an array stand in JSON text: what JSON.parse does not tell. */

import { endOfString } from './nesting.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The elements of the array under `name` in the object that starts at `at`; `undefined` where it holds no such array. Of
 * several members of that name the last counts, as for JSON.parse.
 * @param json valid JSON.
 */
export function elementSpans(json: string, at: number, name: string): readonly Span[] | undefined {
  let spans: readonly Span[] | undefined;
  at = pastSpace(json, at);
  if (json[at] !== '{') return undefined;
  at = pastSpace(json, at + 1);
  while (at < json.length && json[at] !== '}') {
    const keyEnd = endOfString(json, at) + 1;
    const isMeant = isKey(json.slice(at, keyEnd), name);
    const value = pastSpace(json, pastSpace(json, keyEnd) + 1);
    const elements = isMeant && json[value] === '[' ? elementsFrom(json, value + 1) : undefined;
    if (isMeant) spans = elements;
    const end = elements ? pastSpace(json, elements.at(-1)?.end ?? value + 1) + 1 : pastValue(json, value);
    at = pastComma(json, end);
  }
  return spans;
}

function elementsFrom(json: string, at: number): readonly Span[] {
  const spans: Span[] = [];
  at = pastSpace(json, at);
  while (at < json.length && json[at] !== ']') {
    const end = pastValue(json, at);
    spans.push({ start: at, end });
    at = pastComma(json, end);
  }
  return spans;
}

function isKey(quoted: string, name: string): boolean {
  return quoted.includes('\\') ? JSON.parse(quoted) === name : quoted === `"${name}"`;
}

function pastComma(json: string, at: number): number {
  at = pastSpace(json, at);
  return json[at] === ',' ? pastSpace(json, at + 1) : at;
}

function pastSpace(json: string, at: number): number {
  for (; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

function pastValue(json: string, at: number): number {
  let depth = 0;
  for (; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case 0x22:
        at = endOfString(json, at);
        if (depth === 0) return at + 1;
        break;
      case 0x5b:
      case 0x7b:
        depth++;
        break;
      case 0x5d:
      case 0x7d:
        // The end of what holds a number or a word is not part of it.
        if (depth === 0) return at;
        if (--depth === 0) return at + 1;
        break;
      case 0x2c:
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        if (depth === 0) return at;
        break;
      default:
    }
  }
  return at;
}
