/** Unwinds the query reader at the first mistake; it never leaves `parseQuery`, which returns the problem. */
export class QueryMistake extends Error {
  override readonly name = 'QueryMistake';
  /** From 0, in UTF-16 code units; the text's length means its end. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}
