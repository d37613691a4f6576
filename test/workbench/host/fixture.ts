/** What the runner of the suite has put into the workspace; see test/rigs/taskLogFixture.ts. */

import type { FailedTaskFixture } from '../../rigs/taskLogFixture.ts';

export function failedTask(): FailedTaskFixture {
  const json = process.env['INGEST_TRACE_HOST_FIXTURE'];
  if (json === undefined) throw new Error('INGEST_TRACE_HOST_FIXTURE does not say what the workspace holds');
  return JSON.parse(json) as FailedTaskFixture;
}
