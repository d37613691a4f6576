/** What the manifest and the text filters tell: that a segment holds no record which meets a term. */

import { pathText } from '../model/overview/recordFields.ts';
import type { QueryExpression } from '../model/query/query.ts';
import { hasColumns } from './compileQuery.ts';
import type { SegmentEntry } from './manifest.ts';
import type { TextFilter } from './textFilter.ts';

/** False only when no record of the segment can meet the term by itself. */
export function mayHold(entry: SegmentEntry, term: QueryExpression, texts?: TextFilter): boolean {
  if (term.kind === 'or') return term.terms.some((each) => mayHold(entry, each, texts));
  if (term.kind === 'text') return texts?.mayContain(term.text) ?? true;
  if (term.kind !== 'field') return true;
  if (!hasColumns(term.field)) return mayHavePath(entry, term.field);
  if (term.field !== 'account' || term.comparison.kind !== 'equals') return true;
  return (
    mayHavePath(entry, 'account') || entry.accounts === undefined || entry.accounts.includes(term.comparison.value)
  );
}

/** Whether some record of the segment may have the path outside the canonical columns. */
export function mayHavePath(entry: SegmentEntry, path: string): boolean {
  return entry.paths === undefined || Object.hasOwn(entry.paths, pathText(path));
}
