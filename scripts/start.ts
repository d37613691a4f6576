/**
 * The whole product on this machine: `npm start`. Builds, starts the local harness on sample data with faults, lets it
 * index its logs, prints a first answer, and opens VS Code with the extension on it. Ctrl-C stops everything.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { findDesktopVscode, openDesktopVscode } from './desktopVscode.ts';
import { packageExtension } from './package.ts';
import { command, type RunningCommand } from './runCommand.ts';
import { installExtension, installVscodeServer, serveVscode } from './vscodeServer.ts';

const usage = `npm start -- [options]
  --once              ingest the sample data once, print the answer and end
  --open WHERE        auto (default), desktop, browser or none
  --faults WHAT       demo (default), none, or a file of faults
  --store DIR         keep the harness's store here instead of a temporary folder
  --port N            port of VS Code in the browser (default: any free one)`;

const root = join(import.meta.dirname, '..');
const cli = join(root, 'dist', 'cli.mjs');
const options = readOptions();
const stopping = new AbortController();
/** What to undo at the end, latest first. */
const cleanups: (() => Promise<void>)[] = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => stopping.abort(new Error(signal)));

try {
  process.exitCode = await start();
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } else process.exitCode = 130;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
}

async function start(): Promise<number> {
  say('Building');
  await step('node', ['scripts/build.ts']);

  const folder = options.store ? resolve(options.store) : await mkdtemp(join(tmpdir(), 'ingest-trace-'));
  await mkdir(folder, { recursive: true });
  if (!options.store) cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const store = pathToFileURL(join(folder, 'store')).href;

  say(`Starting the local harness (store: ${store})`);
  const harness = run([
    'harness',
    'up',
    '--store',
    store,
    '--faults',
    options.faults,
    '--json',
    ...(options.once ? ['--once'] : []),
  ]);
  cleanups.push(() => harness.stop());
  const up = await harness.firstLine<HarnessUp>();
  console.log(`Coordinators: ${up.coordinators.join(', ')}`);
  const where = ['--logs', up.logs, '--index', `${store}/index`];

  if (options.once) {
    const { code, lastLine } = await harness.ended();
    if (code !== 0) throw new Error(`The harness ended with exit code ${code}; what it said is above.`);
    printSummary(JSON.parse(lastLine));
  } else {
    where.push(...up.coordinators.flatMap((url) => ['--coordinator', url]));
    await firstFailure(where);
  }

  say("Newest failed tasks: ingest-trace search 'status:failed'");
  await step('node', [cli, 'search', 'status:failed', '--limit', '5', ...where]);
  const [failed] = await searchFailed(where);
  if (failed) {
    say(`One of them: ingest-trace task ${failed.task}`);
    await step('node', [cli, 'task', failed.task, ...where]);
  }

  const opened = await open(folder, { ...up, index: `${store}/index` });
  if (options.once && !opened) return 0;
  console.log('\nCtrl-C stops everything.');
  await Promise.race(
    [
      opened?.closed,
      options.once
        ? undefined
        : harness.ended().then(({ code }) => Promise.reject(new Error(`The harness ended with exit code ${code}.`))),
      new Promise((_, reject) =>
        stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason), { once: true }),
      ),
    ].filter((wait) => wait !== undefined),
  );
  return 0;
}

interface HarnessUp {
  readonly coordinators: readonly string[];
  readonly store: string;
  readonly logs: string;
}

/** Opens VS Code where it was asked for; `undefined` for nowhere. `closed` settles when the user closes it. */
async function open(
  folder: string,
  up: HarnessUp & { readonly index: string },
): Promise<{ readonly closed?: Promise<void> } | undefined> {
  const desktop = options.open === 'auto' || options.open === 'desktop' ? findDesktopVscode() : undefined;
  if (options.open === 'none') return undefined;
  if (options.open === 'desktop' && !desktop)
    throw new Error("No desktop VS Code found: put its 'code' command into the PATH, or use --open browser.");

  say('Packaging the extension');
  const { path: vsix } = await packageExtension({ outDirectory: folder });
  const dirs = { extensionsDirectory: join(folder, 'extensions'), userDataDirectory: join(folder, 'user-data') };
  await writeSettings(dirs.userDataDirectory, up);
  if (desktop) {
    say(`Opening ${desktop}`);
    return { closed: openDesktopVscode(desktop, { vsix, workspace: root, signal: stopping.signal, ...dirs }) };
  }
  say('Preparing VS Code for the browser (about a minute the first time, cached afterwards)');
  const installed = await installVscodeServer({ log: (line) => console.log(`  ${line}`) });
  await installExtension(installed, { vsix, ...dirs });
  const server = await serveVscode(installed, { folder: root, port: options.port, ...dirs });
  cleanups.push(() => server.close());
  console.log(`\nVS Code with Ingest Trace in its activity bar: ${server.url}`);
  return {};
}

/** The profile's settings: one environment, the harness. */
async function writeSettings(userDataDirectory: string, up: HarnessUp & { readonly index: string }): Promise<void> {
  const settings = {
    'ingestTrace.environments': [{ name: 'local', coordinators: up.coordinators, logs: up.logs, index: up.index }],
    'workbench.startupEditor': 'none',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'telemetry.telemetryLevel': 'off',
  };
  for (const user of ['User', 'Machine']) {
    await mkdir(join(userDataDirectory, user), { recursive: true });
    await writeFile(join(userDataDirectory, user, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  }
}

/** Waits until the first task has failed for good and its log has been indexed. */
async function firstFailure(where: readonly string[]): Promise<void> {
  say('Waiting for the first failure to be indexed');
  for (let attempt = 0; attempt < 60; attempt++) {
    stopping.signal.throwIfAborted();
    if ((await searchFailed(where)).length > 0) return;
    await new Promise((done) => setTimeout(done, 1000));
  }
  console.log('  none in a minute: going on without');
}

async function searchFailed(where: readonly string[]): Promise<{ readonly task: string }[]> {
  const search = run(['search', 'status:failed', '--limit', '5', '--json', ...where], { quiet: true });
  const { lines } = await search.ended();
  return lines
    .map((line): { task?: unknown } => JSON.parse(line))
    .flatMap(({ task }) => (typeof task === 'string' ? [{ task }] : []));
}

function printSummary({ tasks, succeeded, failed, docs, bytes, ms }: Record<string, number>): void {
  console.log(
    `${tasks} tasks: ${succeeded} succeeded, ${failed} failed; ${docs} documents from ${bytes} bytes in ${((ms ?? 0) / 1000).toFixed(1)} s`,
  );
}

function say(text: string): void {
  console.log(`\n▸ ${text}`);
}

async function step(program: string, args: readonly string[]): Promise<void> {
  const { code } = await command(program === 'node' ? process.execPath : program, args, {
    cwd: root,
    show: true,
    signal: stopping.signal,
  }).ended();
  // 3 is a partial answer, and says so itself.
  if (code !== 0 && code !== 3)
    throw new Error(`'${[program, ...args].join(' ')}' ended with exit code ${code}; what it said is above.`);
}

function run(args: readonly string[], more: { readonly quiet?: boolean } = {}): RunningCommand {
  return command(process.execPath, [cli, ...args], { cwd: root, signal: stopping.signal, ...more });
}

function readOptions() {
  const wheres = ['auto', 'desktop', 'browser', 'none'] as const;
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        open: { type: 'string', default: 'auto' },
        faults: { type: 'string', default: 'demo' },
        store: { type: 'string' },
        port: { type: 'string', default: '0' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const open = wheres.find((where) => where === values.open);
    if (!open) throw new Error(`--open takes ${wheres.join(', ')}; not '${values.open}'`);
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      throw new Error(`--port takes 0 to 65535; not '${values.port}'`);
    return { ...values, open, port };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
