/** A row of an input object: a document, or what could not be read as one. */

import type { JsonObject } from '../../model/json.ts';

export type Row = { readonly kind: 'document'; readonly row: number; readonly document: JsonObject } | RejectedRow;

export interface RejectedRow {
  readonly kind: 'rejected';
  /** From 0, among all rows of the object. */
  readonly row: number;
  /** Of the row's first byte in the decoded object. */
  readonly offsetBytes: number;
  readonly reason: string;
  readonly raw: string;
}
