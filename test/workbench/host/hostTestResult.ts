/** What the extension host reports of one test. */

export interface HostTestResult {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** With the stack, when it failed. */
  readonly error?: string;
}
