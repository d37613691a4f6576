/** VS Code for tests: a fresh profile, a served workspace folder, and nothing left of either afterwards. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installExtension, installVscodeServer, type ServedVscode, serveVscode } from '../../scripts/vscodeServer.ts';
import { processesBelow, type RunningProcess, stillRunning } from './processTree.ts';
import { temporaryFolder } from './temporaryFolder.ts';
import { undoOnSignal } from './undoOnSignal.ts';
import { until } from './until.ts';

export interface TestVscodeOptions {
  /** Workspace folder. */
  readonly folder: string;
  /** Extension to install; none where the extension comes by way of the address (the host suite). */
  readonly vsix?: string;
  /** User settings beside those that keep VS Code quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings that VS Code takes for a whole machine only, such as where git is. */
  readonly machineSettings?: Readonly<Record<string, unknown>>;
  readonly testDriver?: boolean;
  /** Environment variables for the extension host, beside this process's. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TestVscode {
  readonly server: ServedVscode;
  /** All that runs below the server now, extension hosts and what extensions started among it. */
  processes(): readonly RunningProcess[];
  /** Ends it and removes the profile. Throws when something that ran below the server runs on. */
  close(): Promise<void>;
}

/** No first-run pages, no calls home, nothing on the screen that differs from day to day. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'editor.cursorBlinking': 'solid',
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
} as const;

/** Installs VS Code's server on the first call of a machine, which takes a while and says so. */
export async function startTestVscode(options: TestVscodeOptions): Promise<TestVscode> {
  const installed = await installVscodeServer({ log: (line) => console.log(line) });
  const profile = await temporaryFolder('profile');
  try {
    const directories = {
      extensionsDirectory: join(profile.path, 'extensions'),
      userDataDirectory: join(profile.path, 'user-data'),
    };
    // What programs keep for the user goes into the profile too, so that tests meet no user's files and leave none.
    const env = {
      ...process.env,
      ...options.env,
      XDG_CONFIG_HOME: join(profile.path, 'config'),
      XDG_DATA_HOME: join(profile.path, 'data'),
      XDG_STATE_HOME: join(profile.path, 'state'),
    };
    await writeSettings(directories.userDataDirectory, 'User', { ...quietSettings, ...options.settings });
    await writeSettings(directories.userDataDirectory, 'Machine', options.machineSettings ?? {});
    if (options.vsix !== undefined) await installExtension(installed, { vsix: options.vsix, env, ...directories });
    const server = await serveVscode(installed, {
      folder: options.folder,
      testDriver: options.testDriver ?? false,
      // The last resort for a server whose test process was killed.
      idleTimeoutSeconds: 600,
      env,
      ...directories,
    });
    // The server has a process group of its own: a Ctrl-C at the terminal does not reach it by itself.
    const forget = undoOnSignal(() => server.close());
    return {
      server,
      processes: () => processesBelow(server.pid),
      close: async () => {
        const started = processesBelow(server.pid);
        await server.close();
        forget();
        try {
          await until(
            `what ran below VS Code has ended: ${stillRunning(started)
              .map(({ pid, command }) => `${pid} ${command}`)
              .join('; ')}`,
            () => stillRunning(started).length === 0,
          );
        } finally {
          for (const { pid } of stillRunning(started)) process.kill(pid, 'SIGKILL');
          await profile.remove();
        }
      },
    };
  } catch (error) {
    await profile.remove();
    throw error;
  }
}

async function writeSettings(
  userDataDirectory: string,
  whose: 'User' | 'Machine',
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  await mkdir(join(userDataDirectory, whose), { recursive: true });
  await writeFile(join(userDataDirectory, whose, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
}
