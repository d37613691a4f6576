/** What *Index Now* tells of the pass that it made. */

import type { IndexPassSummary } from '../model/indexPass.ts';
import { countText, durationText } from '../model/readableNumbers.ts';

export function indexedText({ objects, records, rejected, unread, ms, hasNoLogs }: IndexPassSummary): string {
  if (hasNoLogs) return "There are no log objects: check the URL of the environment's logs.";
  const lines = rejected > 0 ? `, ${countText(rejected, 'line')} rejected` : '';
  const done = `Indexed ${countText(objects, 'log object')} in ${durationText(ms)}: ${countText(records, 'record')}${lines}.`;
  if (unread > 0) {
    const left = `${countText(unread, 'log object')} could not be read; each is tried a few times before it is set aside.`;
    return objects === 0 ? left : `${done} ${left}`;
  }
  return objects === 0 ? 'The index is up to date.' : done;
}
