/** The stack frames of one line by itself, as terminals hand them out. */

import { type TextFrame, textFrames } from './textFrames.ts';

/** Lines that are frames only below others, and lines that may stand there as far as a reader needs them. */
const belowOthers = [
  // The second line of a frame of Go and of Rust: the first has the function.
  { line: /^\s+\S.*\.go:\d+/, above: ['goroutine 1 [running]:', 'main.main()'] },
  { line: /^\s+at .*\.rs:\d+/, above: ['stack backtrace:', '   0: main'] },
  // All of PHP's but the first.
  { line: /^\s*#\d+ .*\(\d+\): /, above: ['Stack trace:', '#0 /main.php(1): main()'] },
] as const;
/** Go's own sources and modules: what else tells them apart is the function, which stands on the line above. */
const goLibrary = /\/go[\d.]*\/src\/[^./]+\/|\/pkg\/mod\//;

export function lineFrames(line: string): TextFrame[] {
  const whole = textFrames(line);
  if (whole.length > 0) return whole;
  const above = belowOthers.find((one) => one.line.test(line))?.above;
  if (above === undefined) return [];
  return textFrames([...above, line].join('\n'))
    .filter((found) => found.line === above.length)
    .map((found): TextFrame => {
      const { raw, file, line1, column1, inApp, start, end } = found.frame;
      const frame = {
        raw,
        ...(file !== undefined && { file }),
        ...(line1 !== undefined && { line1 }),
        ...(column1 !== undefined && { column1 }),
        inApp: inApp && !goLibrary.test(file ?? ''),
        start,
        end,
      };
      return { ...found, line: 0, frame, trace: { ...found.trace, frames: [frame] } };
    });
}
