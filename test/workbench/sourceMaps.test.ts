/** Frames of minified bundles that lie elsewhere open the source they were made of, once a setting names the folders of their maps. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { chromiumMissing, findChromium } from '../rigs/chromium.ts';
import { inPicture } from '../rigs/extensionWindow.ts';
import { skipWithout } from '../rigs/systemPart.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { FramesStage } from './frames/framesStage.ts';

const throwing = "throw new RangeError('no such currency')";
const calling = 'return rateOf(order.currency) * order.amount';

/** A program that prints the stack of its failure. */
function source(name: string): string {
  return `// What ${name} does.
interface Order {
  readonly currency: string;
  readonly amount: number;
}

const rates = new Map([['EUR', 1]]);

function rateOf(currency: string): number {
  const rate = rates.get(currency);
  if (rate === undefined) ${throwing};
  return rate;
}

export function ${name}(order: Order): number {
  ${calling};
}

try {
  console.log(${name}({ currency: 'XTS', amount: 3 }));
} catch (error) {
  console.log(error instanceof Error ? error.stack : error);
}
`;
}

test('frames of a bundle open the source by the setting for folders of source maps', async (t) => {
  if (findChromium() === undefined) return skipWithout(t, chromiumMissing);
  const deployed = await temporaryFolder('deployed');
  t.after(() => deployed.remove());
  const stage = await FramesStage.open(t);
  const { window, workbench } = stage;
  const root = window.workspace.path;

  /** Writes, bundles and runs a program, and puts its map into `folder`. Gives the stack that it printed. */
  const deploy = async (name: string, folder: string): Promise<string> => {
    await stage.write(`acme/shop/${name}.ts`, source(name));
    // Another application has a file of that name.
    await stage.write(`acme/legacy/${name}.ts`, '// Nothing is left of it.\n');
    const bundle = join(deployed.path, 'www/assets', `${name}.mjs`);
    await build({
      absWorkingDir: root,
      entryPoints: [`acme/shop/${name}.ts`],
      outfile: bundle,
      bundle: true,
      minify: true,
      format: 'esm',
      sourcemap: 'external',
      logLevel: 'silent',
    });
    const map = join(folder, 'assets', `${name}.mjs.map`);
    await mkdir(dirname(map), { recursive: true });
    await rename(`${bundle}.map`, map);
    return execFileSync(process.execPath, [bundle], { encoding: 'utf8' });
  };
  const outside = join(deployed.path, 'maps');
  const failed = [
    { key: 'charge.json', stack: await deploy('charge', join(root, 'release/maps')) },
    { key: 'refund.json', stack: await deploy('refund', outside) },
  ];
  for (const { stack } of failed) assert.match(stack, /^RangeError: no such currency\n.*assets\/\w+\.mjs:1:\d+/);

  await t.test('without the setting a frame stands where the bundle has it', () =>
    inPicture(window, 'source-maps-none', async () => {
      await stage.failed('bundles', failed);
      await stage.history.expand(/^charge\.json/);
      await stage.history.row(/charge\.mjs:1\b/);
      assert.equal(await stage.history.rowsLike(/charge\.ts/).count(), 0);
    }),
  );

  // The frames that are shown are looked up anew once the window has seen it.
  await stage.write(
    '.vscode/settings.json',
    JSON.stringify({ 'ingestTrace.frames.sourceMaps': ['release/maps', outside] }),
  );
  for (const [name, where] of [
    ['charge', 'a folder of the workspace'],
    ['refund', 'a folder outside'],
  ] as const) {
    await t.test(`with it each frame opens its line, by a map in ${where}`, () =>
      inPicture(window, `source-maps-${name}`, async () => {
        const key = `${name}.json`;
        const file = `acme/shop/${name}.ts`;
        const lines = source(name).split('\n');
        for (const text of [throwing, calling]) {
          const line1 = lines.findIndex((line) => line.includes(text)) + 1;
          await stage.clickFrame(key, new RegExp(`\\b${name}\\.ts:${line1}\\b`));
          await stage.fileIs(file);
          await stage.cursorIs(line1);
          await stage.lineIs(line1, lines[line1 - 1]);
          assert.equal(await stage.lens.count(), 0, 'nothing about it is approximate');
        }
        await workbench.screenshot(`source-maps-${name}`);
        await stage.close(key);
      }),
    );
  }
});
