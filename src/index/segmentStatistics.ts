/** What the manifest says of a segment. */

import { pathSeparator } from '../model/overview/recordFields.ts';
import type { SegmentEntry } from './manifest.ts';
import type { SegmentDraft } from './segments/segmentDraft.ts';
import { TextDictionary } from './segments/textDictionary.ts';
import { textAt, type Texts } from './texts.ts';

/** More paths than this, and the planner looks into the segment rather than at a list. */
const maxListedPaths = 2000;

type Described = Pick<SegmentEntry, 'gatheredBytes' | 'minTs' | 'maxTs' | 'paths'>;

export function describeDraft(draft: SegmentDraft): Described {
  const ts = draft.numbers.ts.values;
  let [minTs, maxTs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < draft.records; row++) {
    const at = ts[row] as number;
    if (at < minTs) minTs = at;
    if (at > maxTs) maxTs = at;
  }
  const paths = countPaths(draft);
  return { gatheredBytes: Math.round(draft.bytes), minTs, maxTs, ...(paths ? { paths } : {}) };
}

/** How many records have each path; `undefined` when there are too many paths to list. */
function countPaths({ fields, records }: SegmentDraft): Record<string, number> | undefined {
  const paths = new TextDictionary();
  const pathOf = pathsOf(fields.dictionary, paths);
  if (paths.count > maxListedPaths) return undefined;
  const { codes, ends } = fields;
  const counts = new Uint32Array(paths.count + 1);
  /** By path: the row, counted from 1, that had it last. */
  const lastRows = new Uint32Array(paths.count + 1);
  for (let row = 0, at = 0; row < records; row++) {
    for (const end = ends[row] as number; at < end; at++) {
      const path = pathOf[codes[at] as number] as number;
      if (lastRows[path] === row + 1) continue;
      lastRows[path] = row + 1;
      counts[path] = (counts[path] as number) + 1;
    }
  }
  return Object.fromEntries(Array.from({ length: paths.count }, (_, at) => [textAt(paths, at), counts[at + 1] ?? 0]));
}

/** By code of a field token: the code of its path among `paths`. */
function pathsOf({ count, bytes, starts }: Texts, paths: TextDictionary): Uint32Array {
  const separator = pathSeparator.charCodeAt(0);
  const pathOf = new Uint32Array(count + 1);
  for (let token = 0; token < count; token++) {
    const start = starts[token] as number;
    let end = start;
    while (bytes[end] !== separator) end++;
    pathOf[token + 1] = paths.codeOfBytes(bytes, start, end);
  }
  return pathOf;
}
