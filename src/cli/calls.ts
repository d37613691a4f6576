/** The calls of the command, in the order in which help lists them. */

import type { Call } from './call.ts';
import { fieldsCall } from './calls/fields.ts';
import { groupsCall } from './calls/groups.ts';
import { harnessUpCall } from './calls/harnessUp.ts';
import { indexCall } from './calls/indexLogs.ts';
import { indexStatusCall } from './calls/indexStatus.ts';
import { logsPullCall } from './calls/logsPull.ts';
import { recordsCall } from './calls/records.ts';
import { searchCall } from './calls/search.ts';
import { sqlCall } from './calls/sql.ts';
import { taskCall } from './calls/task.ts';
import { traceCall } from './calls/trace.ts';
import { workersCall } from './calls/workers.ts';

export const calls: readonly Call[] = [
  searchCall,
  taskCall,
  recordsCall,
  groupsCall,
  fieldsCall,
  workersCall,
  sqlCall,
  logsPullCall,
  traceCall,
  indexCall,
  indexStatusCall,
  harnessUpCall,
];
