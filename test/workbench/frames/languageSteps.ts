/** A click on a frame opens the right file of two that are called alike, and the cursor stands on the frame's line. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { inPicture } from '../../rigs/extensionWindow.ts';
import type { FramesStage } from './framesStage.ts';
import { type LanguageSample, languageSamples } from './languageSamples.ts';

export async function languageSteps(t: TestContext, stage: FramesStage): Promise<void> {
  for (const { file, text, lookAlike } of languageSamples) {
    await stage.write(file, text);
    await stage.write(lookAlike.file, lookAlike.text);
  }
  await stage.failed(
    'languages',
    languageSamples.map((sample) => ({
      key: `${sample.language}.json`,
      stack: sample.stack((piece) => lineOf(sample, piece)),
    })),
  );
  for (const sample of languageSamples) {
    await t.test(sample.language, () =>
      inPicture(stage.window, `frame-${sample.language}`, async () => {
        const line1 = lineOf(sample, sample.piece);
        const key = `${sample.language.replaceAll('+', '\\+')}.json`;
        await stage.clickFrame(key, sample.row);
        await stage.fileIs(sample.file);
        await stage.cursorIs(line1);
        await stage.lineIs(line1, sample.text.split('\n')[line1 - 1]?.replaceAll('\t', '    '));
        // Nothing about it is approximate.
        assert.equal(await stage.lens.count(), 0);
        await stage.close(key);
      }),
    );
  }
  await stage.workbench.screenshot('frames-of-languages');
}

/** The only line of the sample that holds a piece of text. */
function lineOf({ text, language }: LanguageSample, piece: string): number {
  const lines = text.split('\n').flatMap((line, index) => (line.includes(piece.trimEnd()) ? [index + 1] : []));
  assert.equal(lines.length, 1, `${language}: '${piece}' stands on lines ${lines.join(', ')}`);
  return lines[0] ?? 0;
}
