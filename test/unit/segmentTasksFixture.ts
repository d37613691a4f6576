/** Tasks of a segment as its side tells them, from records. */

import { bytesInMemory } from '../../src/index/blocks/blockBytes.ts';
import { BlockFile } from '../../src/index/blocks/blockFile.ts';
import { SegmentDraft } from '../../src/index/segments/segmentDraft.ts';
import { segmentSide } from '../../src/index/segments/segmentSide.ts';
import { sortDraft } from '../../src/index/segments/sortDraft.ts';
import { SegmentTasks } from '../../src/index/tasks/segmentTasks.ts';
import type { LogRecord } from '../../src/model/record.ts';

export function tasksOf(records: readonly LogRecord[]): SegmentTasks {
  const draft = new SegmentDraft();
  for (const each of records) draft.add(each, 'v');
  return new SegmentTasks(new BlockFile(bytesInMemory(Buffer.concat(segmentSide(draft, sortDraft(draft), 3)))));
}
