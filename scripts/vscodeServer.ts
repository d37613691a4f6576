/**
 * VS Code as a server, from npm alone: installs code-server once into a cache folder and serves a workspace on loopback.
 *
 * `npm start` opens it where there is no desktop VS Code; the host suite and the workbench tests run in it where VS Code
 * cannot be downloaded. It is the real extension host of VS Code, native modules included.
 */

import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..');
const pinFolder = join(root, 'test/rigs/vscode');

/** Changes when the steps of the install change, so that a cache made by other steps is not taken for this one. */
const recipe = 1;

/** Written last: an install without it was interrupted. */
const completeFile = 'complete.json';

/** An unfinished install this old belongs to a run that died. */
const abandonedMs = 60 * 60 * 1000;

/** Files without which nothing runs; their loss (a cleaner of caches) means that the install must be made again. */
const vitalFiles = [
  'node_modules/code-server/out/node/entry.js',
  'node_modules/code-server/lib/vscode/out/server-main.js',
  'node_modules/code-server/lib/vscode/node_modules/@vscode/spdlog/build/Release/spdlog.node',
  'node_modules/code-server/lib/vscode/node_modules/@vscode/native-watchdog/build/Release/watchdog.node',
];

export interface VscodeServer {
  /** The folder that holds the install. */
  readonly folder: string;
  /** Of code-server, e.g. `4.139.1`; the VS Code in it has the same minor and patch. */
  readonly version: string;
}

export interface VscodeProfile {
  readonly extensionsDirectory: string;
  readonly userDataDirectory: string;
}

export interface ServeOptions extends VscodeProfile {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Workspace folder that the printed address opens. */
  readonly folder: string;
  /** Lets the address carry a test payload (`extensionTestsPath`), which a built VS Code ignores otherwise. */
  readonly testDriver?: boolean;
  /** Environment of the server and so of extension host, terminals and what they start. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends by itself when nobody has been connected for this long; at least 60. For servers whose starter may be killed. */
  readonly idleTimeoutSeconds?: number;
  readonly log?: (line: string) => void;
}

export interface ServedVscode {
  /** Opens the workspace folder, e.g. `http://127.0.0.1:41023/?folder=/home/me/work`. */
  readonly url: string;
  readonly origin: string;
  /** Of the server's first process; every other process of it is a descendant. */
  readonly pid: number;
  /** Settles when the server has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends the server and all it started. */
  close(): Promise<void>;
}

/**
 * Where the server is installed, installing it first if need be (from the npm registry, about 40 s). Safe when several
 * processes do it at once: each builds in a folder of its own, and the first to finish gives its folder the final name.
 */
export async function installVscodeServer(options: {
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}): Promise<VscodeServer> {
  const { log, signal } = options;
  const version = await pinnedVersion();
  const cache = cacheFolder();
  const folder = join(cache, `code-server-${version}-${await installHash()}`);
  const server = { folder, version };
  if (isWhole(folder)) return server;

  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const building = `${folder}.${process.pid}-${randomUUID().slice(0, 8)}.partial`;
  const started = performance.now();
  const step = (line: string) => log(`VS Code server: ${line} (${Math.round((performance.now() - started) / 1000)} s)`);
  try {
    step(`installing code-server ${version} once, into ${folder}`);
    await mkdir(building);
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      await cp(join(pinFolder, name), join(building, name));
    // Its own install script would run the system's package manager settings through every dependency's scripts; these
    // are its steps, and only the two native modules that VS Code's server loads at start are compiled.
    await npm(['ci', '--ignore-scripts'], building, signal);
    const vscode = join(building, 'node_modules/code-server/lib/vscode');
    step('installing what VS Code needs');
    await npm(['install', '--omit=dev', '--ignore-scripts'], vscode, signal);
    await npm(['install', '--omit=dev', '--ignore-scripts'], join(vscode, 'extensions'), signal);
    step('compiling its native modules');
    await npm(['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], vscode, signal);
    await writeFile(join(building, completeFile), `${JSON.stringify({ version, node: process.version })}\n`);
    const missing = vitalFiles.filter((file) => !existsSync(join(building, file)));
    if (missing.length > 0) throw new Error(`code-server ${version} was installed without ${missing.join(', ')}`);
    await takeFinalName(building, folder);
    step('installed');
    return server;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/** Installs a VSIX file into the profile. */
export async function installExtension(
  server: VscodeServer,
  options: VscodeProfile & { readonly vsix: string; readonly env?: NodeJS.ProcessEnv },
): Promise<void> {
  await mkdir(options.userDataDirectory, { recursive: true });
  await run(process.execPath, [entry(server), ...profileFlags(options), '--install-extension', options.vsix], {
    cwd: server.folder,
    env: serverEnvironment(options.env ?? process.env),
  });
}

/** Starts the server; resolves when it answers. */
export async function serveVscode(server: VscodeServer, options: ServeOptions): Promise<ServedVscode> {
  await mkdir(options.userDataDirectory, { recursive: true });
  // VS Code leaves sockets in the folder for temporary files when it is ended by a signal: it gets one that we remove.
  const temporary = await mkdtemp(join(tmpdir(), 'ingest-trace-vscode-'));
  const flags = [
    ...profileFlags(options),
    '--auth=none',
    `--bind-addr=127.0.0.1:${options.port ?? 0}`,
    '--disable-workspace-trust',
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-proxy',
    ...(options.idleTimeoutSeconds === undefined ? [] : [`--idle-timeout-seconds=${options.idleTimeoutSeconds}`]),
    ...(options.testDriver ? ['--vscode-option=enable-smoke-test-driver'] : []),
  ];
  const child = spawn(process.execPath, [entry(server), ...flags], {
    cwd: options.folder,
    env: { ...serverEnvironment(options.env ?? process.env), TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that close() reaches extension hosts and what they started.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve())).then(() =>
    rm(temporary, { recursive: true, force: true, maxRetries: 5 }),
  );
  const lastLines: string[] = [];
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (line: string) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      options.log?.(line);
      const listening = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (listening?.[1]) resolve(listening[1]);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`VS Code server ended with ${code} before it listened:\n${lastLines.join('\n')}`)),
    );
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error('VS Code server has no process id, though it answers');
  return {
    url: `${origin}/?folder=${encodeURIComponent(options.folder)}`,
    origin,
    pid,
    ended,
    close: () => endGroup(pid, ended),
  };
}

function entry(server: VscodeServer): string {
  return join(server.folder, 'node_modules/code-server/out/node/entry.js');
}

function profileFlags(profile: VscodeProfile): readonly string[] {
  return [
    `--extensions-dir=${profile.extensionsDirectory}`,
    `--user-data-dir=${profile.userDataDirectory}`,
    // Otherwise it writes one into the home folder.
    `--config=${join(profile.userDataDirectory, 'code-server.yaml')}`,
  ];
}

/** Without what npm and Node's test runner put into the environment for this process alone, or another VS Code for its terminals. */
function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(npm_|INIT_CWD$|NODE_TEST_|VSCODE_|ELECTRON_|PORT$|PASSWORD$|CODE_SERVER_)/.test(name),
  );
  return Object.fromEntries(kept);
}

/** SIGTERM to the whole group, SIGKILL to what is left of it after a grace. */
async function endGroup(pid: number, ended: Promise<void>): Promise<void> {
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  };
  const graceMs = 5_000;
  const untilMs = Date.now() + graceMs;
  let alive = signalGroup('SIGTERM');
  while (alive && Date.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    alive = groupIsAlive(pid);
  }
  if (alive) signalGroup('SIGKILL');
  await ended;
}

function groupIsAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ingest-trace');
}

async function pinnedVersion(): Promise<string> {
  const pin = JSON.parse(await readFile(join(pinFolder, 'package.json'), 'utf8')) as {
    dependencies: { 'code-server': string };
  };
  return pin.dependencies['code-server'];
}

/** Of all that decides what the install holds. */
async function installHash(): Promise<string> {
  const hash = createHash('sha256');
  hash.update(`${recipe} ${process.platform} ${process.arch} ${process.versions.modules}\n`);
  for (const name of ['package.json', 'package-lock.json'])
    for await (const chunk of createReadStream(join(pinFolder, name))) hash.update(chunk as Buffer);
  return hash.digest('hex').slice(0, 12);
}

function isWhole(folder: string): boolean {
  return [completeFile, ...vitalFiles].every((file) => existsSync(join(folder, file)));
}

/** Renames a finished install; when another run was faster, its install stands and ours goes. */
async function takeFinalName(building: string, folder: string): Promise<void> {
  if (existsSync(folder) && !isWhole(folder)) {
    const broken = `${folder}.${process.pid}-${randomUUID().slice(0, 8)}.partial`;
    await rename(folder, broken);
    await rm(broken, { recursive: true, force: true });
  }
  try {
    await rename(building, folder);
  } catch (error) {
    if (!isWhole(folder)) throw error;
  }
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.endsWith('.partial')) continue;
    const path = join(cache, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedMs) await rm(path, { recursive: true, force: true });
  }
}

async function npm(args: readonly string[], cwd: string, signal: AbortSignal | undefined): Promise<void> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle)_|npm_config_local_prefix$|npm_command$|INIT_CWD$|NODE_TEST_)/.test(name),
  );
  const headers = nodeHeaders();
  const env = {
    ...Object.fromEntries(inherited),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    // node-gyp would download the headers otherwise.
    ...(headers === undefined ? {} : { npm_config_nodedir: headers }),
  };
  await run('npm', [...args, '--no-fund', '--no-audit', '--loglevel=error'], { cwd, env, signal });
}

/** The npm package of this Node's platform has the C headers beside the binary; so has an unpacked Node distribution. */
function nodeHeaders(): string | undefined {
  const places = [
    join(root, 'node_modules/node/node_modules', `node-${process.platform}-${process.arch}`),
    join(dirname(process.execPath), '..'),
  ];
  return places.find((place) => existsSync(join(place, 'include/node/node_api.h')));
}

/** Runs to the end; a failure carries the last lines of output. */
async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { signal, ...rest } = options;
  signal?.throwIfAborted();
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
    const read = (line: string) => {
      lines.push(line);
      if (lines.length > 40) lines.shift();
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`'${command} ${args.join(' ')}' in ${rest.cwd} failed with ${code}:\n${lines.join('\n')}`));
    });
  });
}
