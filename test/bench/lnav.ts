/**
 * lnav, headless, on a folder of task logs: asked by its SQL, over a format that is installed for it into a home of its own. It
 * reads all files when it starts, as it does in a terminal, and keeps them at hand for further questions.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface LnavOptions {
  /** The log root; all files below it are read. */
  readonly folder: string;
  /** Its configuration and what it writes. */
  readonly home: string;
}

interface LnavRun {
  readonly ms: number;
  /** Of each time that the question was asked the same. */
  readonly rows: number;
  readonly peakMb: number;
}

/** How often the memory of a running lnav is read, where the system tells of it. */
const memoryEveryMs = 50;

const textValues = ['task', 'account', 'collection', 'source', 'coordinator', 'worker', 'event', 'message'];
/** The fields that the questions name are columns of the table `task_log`; `ts` is its `log_time`, `message` its `log_body`. */
const format = {
  task_log: {
    title: 'Task log records',
    description: 'Task log records, one JSON object a line',
    json: true,
    'file-pattern': String.raw`\.ndjson(\.gz)?$`,
    'timestamp-field': 'ts',
    'level-field': 'level',
    'body-field': 'message',
    'hide-extra': true,
    'line-format': [{ field: 'ts' }, ' ', { field: 'message', 'default-value': '' }],
    value: Object.fromEntries(textValues.map((name) => [name, { kind: 'string' }])),
  },
};

export class Lnav {
  readonly version: string;
  readonly #options: LnavOptions;

  private constructor(version: string, options: LnavOptions) {
    this.version = version;
    this.#options = options;
  }

  /** `undefined` when lnav is not installed. */
  static async open(options: LnavOptions): Promise<Lnav | undefined> {
    const version = spawnSync('lnav', ['-V'], { encoding: 'utf8' });
    if (version.status !== 0) return undefined;
    await mkdir(options.home, { recursive: true });
    const file = join(options.home, 'task_log.json');
    await writeFile(file, JSON.stringify({ $schema: 'https://lnav.org/schemas/format-v1.schema.json', ...format }));
    const installed = spawnSync('lnav', ['-i', file], { encoding: 'utf8', env: environment(options.home) });
    if (installed.status !== 0) throw new Error(`lnav -i: ${installed.stdout}${installed.stderr}`);
    return new Lnav(version.stdout.trim(), options);
  }

  /** A process that reads all files, then asks so many times. @param sql of the table `task_log`. */
  async ask(sql: string, times: number): Promise<LnavRun> {
    const { folder, home } = this.#options;
    const outputs = Array.from({ length: times }, (_, at) => join(home, `answer-${at}.ndjson`));
    for (const output of outputs) await rm(output, { force: true });
    const asking = outputs.flatMap((output) => ['-c', `;${sql}`, '-c', `:write-jsonlines-to ${output}`]);
    const start = performance.now();
    // Without `:rebuild` a headless lnav asks before it has read them all: 0.11.1 knew 520,000 of a million records.
    const peakMb = await peakOf(['-n', '-q', '-r', '-c', ':rebuild', ...asking, folder], home);
    const ms = performance.now() - start;
    const counts = new Set<number>();
    for (const output of outputs) counts.add((await readFile(output, 'utf8')).split('\n').length - 1);
    const [rows = 0, ...others] = counts;
    if (others.length > 0) throw new Error(`lnav answered differently: ${[...counts].join(', ')} rows for ${sql}`);
    return { ms, rows, peakMb };
  }
}

/** Runs lnav to its end. Gives the most memory it was seen to have had, 0 where the system does not tell. */
async function peakOf(args: readonly string[], home: string): Promise<number> {
  const child = spawn('lnav', args, { env: environment(home), stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  let peakMb = 0;
  const watch = setInterval(() => {
    void readFile(`/proc/${child.pid}/status`, 'utf8').then(
      (text) => (peakMb = Math.max(peakMb, Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024)),
      // It has just ended, or this is no Linux.
      () => undefined,
    );
  }, memoryEveryMs);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.once('error', reject).once('close', resolve);
    const status = await promise;
    if (status !== 0) throw new Error(`lnav ended with ${status}: ${errors}`);
  } finally {
    clearInterval(watch);
  }
  return Math.round(peakMb);
}

/** Nothing of the user's own lnav is read or changed. */
function environment(home: string): NodeJS.ProcessEnv {
  return { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), TMPDIR: home };
}
