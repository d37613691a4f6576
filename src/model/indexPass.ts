/** What one pass of the indexer did. */

export interface IndexPassSummary {
  /** Log objects indexed in this pass. */
  readonly objects: number;
  readonly records: number;
  readonly rejected: number;
  readonly segments: number;
  readonly bytes: number;
  /** Log objects that could not be read in this pass. */
  readonly unread: number;
  readonly ms: number;
  /** There is not one log object: the URL of the logs may be wrong. */
  readonly hasNoLogs?: true;
}
