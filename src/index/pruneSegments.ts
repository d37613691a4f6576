/** What the manifest alone tells: that a segment holds no record which meets a term. */

import type { QueryExpression } from '../model/query/query.ts';
import type { SegmentEntry } from './manifest.ts';

/** False only when no record of the segment can meet the term by itself. */
export function mayHold(entry: SegmentEntry, term: QueryExpression): boolean {
  if (term.kind === 'or') return term.terms.some((each) => mayHold(entry, each));
  if (term.kind !== 'field' || term.field !== 'account' || term.comparison.kind !== 'equals') return true;
  const mayStandElsewhere = entry.paths === undefined || Object.hasOwn(entry.paths, 'account');
  return mayStandElsewhere || entry.accounts === undefined || entry.accounts.includes(term.comparison.value);
}
