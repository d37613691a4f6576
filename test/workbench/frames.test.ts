import { test } from 'node:test';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { FramesStage } from './frames/framesStage.ts';
import { languageSteps } from './frames/languageSteps.ts';
import { forgetSteps, learnedSteps } from './frames/learnedSteps.ts';
import { revisionSteps } from './frames/revisionSteps.ts';
import { textSteps } from './frames/textSteps.ts';

test('frames lead to the line, of any language, revision and place', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);
  const stage = await FramesStage.open(t);
  await t.test('frames of six languages', (t) => languageSteps(t, stage));
  await t.test('frames that several files fit', (t) => learnedSteps(t, stage));
  await t.test('frames of live tasks, logs, terminals and pasted traces', (t) => textSteps(t, stage));
  await t.test('frames of a deployed revision', (t) => revisionSteps(t, stage));
  await t.test('what was learned, after the window was loaded anew', (t) => forgetSteps(t, stage));
});
