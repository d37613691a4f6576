/** A draft's tasks folded, and the order of its rows: all that writing it begins with. */

import { draftRows } from './draftRows.ts';
import { foldDraft } from './foldDraft.ts';
import type { FoldedTasks } from './foldedTasks.ts';
import { type RowOrder, rowOrder } from './rowOrder.ts';
import type { SegmentDraft } from './segmentDraft.ts';

export interface SortedDraft {
  readonly folded: FoldedTasks;
  readonly order: RowOrder;
}

export function sortDraft(draft: SegmentDraft): SortedDraft {
  const ofTasks = draftRows(draft);
  const folded = foldDraft(draft, ofTasks);
  return { folded, order: rowOrder(draft, ofTasks, folded) };
}
