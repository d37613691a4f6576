/**
 * Runs the Mocha suite of test/workbench/host inside VS Code's extension host: a desktop VS Code where there is one or
 * it can be downloaded, else the npm-borne server with Chromium as its window. The suite is the same.
 */

import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import * as esbuild from 'esbuild';
import { launchChromium } from '../rigs/chromium.ts';
import { writeTaskLogFixture } from '../rigs/taskLogFixture.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';
import { startTestVscode } from '../rigs/vscodeServer.ts';
import type { HostTestResult } from './host/hostTestResult.ts';

const root = join(import.meta.dirname, '../..');

/** The release that code-server has, so that both hosts are one version of VS Code. */
const vscodeVersion = '1.139.1';

export interface HostRun {
  /** Which VS Code ran the suite, for people. */
  readonly host: string;
  readonly results: readonly HostTestResult[];
}

/** @param workspace the folder that VS Code opens; the fixture is written into it. */
export async function runHostSuite(workspace: string): Promise<HostRun> {
  const folder = await temporaryFolder('host');
  // Under the project, from where the suite finds mocha.
  await mkdir(join(root, 'test/out'), { recursive: true });
  const bundleFolder = await temporaryFolder('host', join(root, 'test/out'));
  try {
    const suite = await bundleSuite(bundleFolder.path);
    const resultsFile = join(folder.path, 'results.json');
    const env = {
      INGEST_TRACE_HOST_RESULTS: resultsFile,
      INGEST_TRACE_HOST_FIXTURE: JSON.stringify(await writeTaskLogFixture(workspace)),
    };
    const run = { workspace, suite, env };
    const executable = await desktopVscode();
    const host =
      executable === undefined
        ? await runInServer(run)
        : await runOnDesktop(executable, { ...run, profile: folder.path });
    return { host, results: JSON.parse(await readFile(resultsFile, 'utf8')) as readonly HostTestResult[] };
  } finally {
    for (const made of [folder, bundleFolder]) await made.remove();
  }
}

interface SuiteRun {
  readonly workspace: string;
  readonly suite: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One CommonJS file, as extension hosts load tests. */
async function bundleSuite(outFolder: string): Promise<string> {
  const outfile = join(outFolder, 'suite.cjs');
  await esbuild.build({
    entryPoints: [join(root, 'test/workbench/host/suite.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return outfile;
}

/** `undefined` where no desktop VS Code can run: nothing to show a window on, or no way to download one. */
async function desktopVscode(): Promise<string | undefined> {
  const given = process.env['VSCODE_EXECUTABLE'];
  if (given) return given;
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return undefined;
  const cachePath = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ingest-trace', 'vscode-desktop');
  await mkdir(cachePath, { recursive: true });
  try {
    return await downloadAndUnzipVSCode({ version: vscodeVersion, cachePath, timeout: 30_000 });
  } catch (error) {
    console.log(
      `VS Code ${vscodeVersion} cannot be downloaded: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

async function runOnDesktop(executable: string, run: SuiteRun & { readonly profile: string }): Promise<string> {
  // A failed test makes the host fail too; which one it was is in the results.
  await runTests({
    vscodeExecutablePath: executable,
    extensionDevelopmentPath: root,
    extensionTestsPath: run.suite,
    extensionTestsEnv: run.env,
    launchArgs: [
      run.workspace,
      '--disable-extensions',
      '--disable-workspace-trust',
      `--user-data-dir=${join(run.profile, 'user-data')}`,
      `--extensions-dir=${join(run.profile, 'extensions')}`,
    ],
  }).catch(() => undefined);
  return `desktop VS Code (${executable})`;
}

async function runInServer(run: SuiteRun): Promise<string> {
  const vscode = await startTestVscode({ folder: run.workspace, testDriver: true, env: run.env });
  try {
    const browser = await launchChromium();
    const log: string[] = [];
    try {
      const page = await browser.newPage();
      const ended = new Promise<void>((resolve, reject) => {
        page.on('crash', () => reject(new Error('The window of the extension host crashed')));
        void vscode.server.ended.then(() => reject(new Error('VS Code server ended while the suite ran')));
        // VS Code calls this when the suite has ended, well or not.
        void page.exposeFunction('codeAutomationExit', () => resolve());
        setTimeout(() => reject(new Error('The suite did not end in 5 minutes')), 300_000).unref();
      });
      await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => log.push(format(...args)));
      const remote = (path: string) => `vscode-remote://${new URL(vscode.server.origin).host}${path}`;
      const payload = [
        ['extensionDevelopmentPath', remote(root)],
        ['extensionTestsPath', remote(run.suite)],
      ];
      await page.goto(`${vscode.server.url}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
      await ended;
      return `VS Code server (code-server), Chromium ${browser.version()}`;
    } catch (error) {
      throw new Error(`The extension host did not get through the suite. It logged:\n${log.slice(-40).join('\n')}`, {
        cause: error,
      });
    } finally {
      await browser.close();
    }
  } finally {
    await vscode.close();
  }
}
