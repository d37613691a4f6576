/** Reads the text of a source map, plain or of sections, and refuses what is none: maps come with bundles of anyone. */

import { type EncodedSourceMap, FlattenMap, type SectionedSourceMap, TraceMap } from '@jridgewell/trace-mapping';

export type ParsedMap =
  | { readonly kind: 'map'; readonly map: TraceMap }
  | { readonly kind: 'refused'; readonly why: string };

/** A bundle of more lines is none that a map of the size that is read could tell of; each takes memory. */
const maxLines = 10_000_000;
/** Servers put it before JSON, so that no page can run it as a script. */
const guard = /^\)\]\}'[^\n]*\n/;

/** @param url of the map: what its sources are relative to */
export function parseSourceMap(text: string, url: string): ParsedMap {
  try {
    const value: unknown = JSON.parse(text.replace(guard, ''));
    if (isPlainMap(value)) return { kind: 'map', map: new TraceMap(value, url) };
    if (isIndexedMap(value)) return { kind: 'map', map: FlattenMap(value, url) };
    return { kind: 'refused', why: 'it has neither mappings nor sections of the form that maps have' };
  } catch (error) {
    // Cut, no JSON, or sources that no URL can be made of: whatever it is, it says nothing about the frame.
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
}

function isPlainMap(value: unknown): value is EncodedSourceMap {
  return (
    isObject(value) &&
    !('sections' in value) &&
    typeof value['mappings'] === 'string' &&
    /^[A-Za-z0-9+/,;]*$/.test(value['mappings']) &&
    isList(value['sources'], (source) => source === null || typeof source === 'string') &&
    (value['names'] === undefined || isList(value['names'], (name) => typeof name === 'string')) &&
    (value['sourceRoot'] === undefined || value['sourceRoot'] === null || typeof value['sourceRoot'] === 'string')
  );
}

/** Sections within sections there are not, nor sections that lie elsewhere. */
function isIndexedMap(value: unknown): value is SectionedSourceMap {
  let [lastLine, lastColumn] = [0, 0];
  return (
    isObject(value) &&
    isList(value['sections'], (section) => {
      if (!isObject(section) || !isObject(section['offset']) || !isPlainMap(section['map'])) return false;
      const { line, column } = section['offset'];
      if (!isPosition(line, maxLines) || !isPosition(column, Number.MAX_SAFE_INTEGER)) return false;
      if (line < lastLine || (line === lastLine && column < lastColumn)) return false;
      [lastLine, lastColumn] = [line, column];
      return true;
    })
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isPosition(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
}
