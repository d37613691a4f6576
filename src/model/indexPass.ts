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
}
