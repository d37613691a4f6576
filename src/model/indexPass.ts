/** What one pass of the indexer did. */

export interface IndexPassSummary {
  /** Log objects indexed in this pass. */
  readonly objects: number;
  readonly records: number;
  readonly rejected: number;
  readonly segments: number;
  readonly bytes: number;
  readonly ms: number;
}
