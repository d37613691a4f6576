/** What people call the limits of an index where they set them, for messages that tell them to. */

/** Of tasks and engines together. */
export const memoryLimitNames = 'ingestTrace.engine.memoryLimitMb (INGEST_TRACE_MEMORY_MB for the command)';

/** Of the segments that are fetched from S3. */
export const diskLimitNames = 'ingestTrace.engine.diskLimitMb (INGEST_TRACE_DISK_MB for the command)';
