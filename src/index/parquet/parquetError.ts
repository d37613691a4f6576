/** A file that is no Parquet file, is cut off or damaged, has no such column, or is encoded as no file of an index is. */
export class ParquetError extends Error {
  override readonly name = 'ParquetError';
}
