/** What can be wrong with an index. Branch on `code`; the message names the index and says what to do. */

export type IndexErrorCode =
  /** There is no index at this URL (yet, or any more). */
  | 'missing'
  /** A manifest or segment is gone, cut short or not what was written. */
  | 'damaged'
  /** The store that holds it refuses or cannot be reached. */
  | 'unreachable'
  /** A later release wrote it. */
  | 'newer'
  /** An earlier release built it, in a format that is read no more. */
  | 'older'
  /** It was built from the logs of another root. */
  | 'otherLogs'
  /** It was built with another field mapping. */
  | 'otherFields'
  /** The question needs more memory than the limit allows. */
  | 'memory'
  /** The question needs more segments of a remote store at once than the disk limit allows. */
  | 'disk'
  /** A statement is none that is run, or has a mistake. */
  | 'statement'
  /** A statement took longer than it may. */
  | 'timeLimit'
  /** The cursor is none of ours. */
  | 'badCursor';

export class IndexError extends Error {
  override readonly name = 'IndexError';
  readonly code: IndexErrorCode;
  /** The index's URL. */
  readonly url: string;

  constructor(code: IndexErrorCode, url: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.url = url;
  }
}

export function missingIndex(url: string): IndexError {
  return new IndexError('missing', url, `there is no index at ${url}: build it with 'ingest-trace index'`);
}

export function damagedIndex(url: string, what: string, cause?: unknown): IndexError {
  return new IndexError(
    'damaged',
    url,
    `the index at ${url} is damaged: ${what}. Delete it and build it again from the logs`,
    { cause },
  );
}
