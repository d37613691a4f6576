/** Refuses to ask coordinators alone what only the places that remember can tell. */

import type { AskMode } from '../model/answer.ts';
import { WrongUse } from './wrongUse.ts';

/** @throws WrongUse where there are coordinators only. */
export function needPast(mode: AskMode): void {
  if (mode !== 'live') return;
  throw new WrongUse('Expected the index or the logs, as coordinators forget what is done: --index URL or --logs URL.');
}
