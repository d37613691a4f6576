/** Columns of the draft that are asked for whole: their values are in the token filters, as field tokens. */
export const filteredColumns = [
  ['level', 'level'],
  ['event', 'event'],
  ['account', 'account'],
  ['collection', 'collection'],
  ['source', 'source'],
  ['coordinator', 'coordinator'],
  ['worker', 'worker'],
  ['key', 'key'],
  ['error.type', 'error_type'],
  ['error.message', 'error_message'],
  ['group', 'failure_group'],
  ['build.service', 'build_service'],
  ['build.version', 'build_version'],
  ['build.commit', 'build_commit'],
  ['build.repository', 'build_repository'],
] as const;

export const filteredFields: ReadonlySet<string> = new Set(filteredColumns.map(([field]) => field));
