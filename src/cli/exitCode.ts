/** What the exit code of `ingest-trace` says (docs/cli.md). */

export const exitCode = {
  done: 0,
  failed: 1,
  wrongUse: 2,
  /** Something could not be read: rows may be missing. */
  partial: 3,
  cancelled: 130,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
