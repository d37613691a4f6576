/** The processes of this machine as a tree: who was started by whom. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** The command line, its arguments joined by blanks. */
  readonly command: string;
}

/** All processes below `pid`, at whatever depth, parents before children. */
export function processesBelow(pid: number): readonly RunningProcess[] {
  const all = runningProcesses();
  const found: RunningProcess[] = [];
  const parents = [pid];
  for (const parent of parents) {
    for (const child of all) {
      if (child.parent !== parent || parents.includes(child.pid)) continue;
      found.push(child);
      parents.push(child.pid);
    }
  }
  return found;
}

/** Those of `processes` that still run, and are still the same program. */
export function stillRunning(processes: readonly RunningProcess[]): readonly RunningProcess[] {
  const commands = new Map(runningProcesses().map(({ pid, command }) => [pid, command]));
  return processes.filter(({ pid, command }) => commands.get(pid) === command);
}

/** Zombies are left out: they run no more. */
function runningProcesses(): readonly RunningProcess[] {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs();
}

function fromProc(): readonly RunningProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // `pid (name) state ppid …`; the name may hold anything, so count from its closing parenthesis.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') return [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      // It ended between the listing and the reading.
      return [];
    }
  });
}

function fromPs(): readonly RunningProcess[] {
  return execFileSync('ps', ['-Ao', 'pid=,ppid=,state=,command='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      if (pid === undefined || state?.startsWith('Z')) return [];
      return [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }];
    });
}
