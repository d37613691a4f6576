/**
 * Runs a real S3 for tests, as a process of its own: Ceph's gateway over one monitor and one storage daemon that keeps
 * everything in memory, in a temporary folder, on free ports of loopback.
 *
 * Prints one line of JSON once it serves (`{endpoint, accessKeyId, secretAccessKey}` or `{error}`), and lives as long as
 * its standard input: when whoever started it ends, however that comes about, the pipe closes, and the keeper takes its
 * daemons and the folder down. Were the keeper itself killed, the system ends the daemons (`setpriv --pdeathsig`).
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);

const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-s3-'));
const daemons: ChildProcess[] = [];
let isStopping = false;

process.stdin.resume();
process.stdin.once('end', () => stop(0));
process.stdin.once('error', () => stop(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop(0));

try {
  console.log(JSON.stringify(await start()));
} catch (error) {
  console.log(JSON.stringify({ error: `${error instanceof Error ? error.message : String(error)}\n${logTails()}` }));
  stop(1);
}

async function start(): Promise<{ endpoint: string; accessKeyId: string; secretAccessKey: string }> {
  const [monitorPort, gatewayPort] = await Promise.all([freePort(), freePort()]);
  const cluster = randomUUID();
  const keyring = join(folder, 'keyring');
  const configuration = join(folder, 'ceph.conf');
  await Promise.all(['mon', 'osd', 'run'].map((name) => mkdir(join(folder, name))));
  await writeFile(configuration, cephConf(cluster, monitorPort, gatewayPort));
  const ceph = (program: string, ...args: readonly string[]) =>
    run(program, ['-c', configuration, ...args], { timeout: 60_000 });

  const admin = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
  await run('ceph-authtool', ['--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *']);
  await run('ceph-authtool', [keyring, '--gen-key', '-n', 'client.admin', ...admin]);
  await run('ceph-authtool', [
    keyring,
    '--gen-key',
    '-n',
    'osd.0',
    ...['mon', 'osd'].flatMap((to) => ['--cap', to, 'allow *']),
  ]);

  const map = join(folder, 'monmap');
  await run('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, map]);
  await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
  startDaemon('ceph-mon', '-c', configuration, '-i', 'a', '-f');
  const disk = randomUUID();
  await ceph('ceph', 'osd', 'new', disk);
  await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
  startDaemon('ceph-osd', '-c', configuration, '-i', '0', '-f');

  const accessKeyId = `test${randomBytes(8).toString('hex')}`;
  const secretAccessKey = randomBytes(20).toString('hex');
  const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey];
  await ceph('radosgw-admin', 'user', 'create', '--uid', 'test', '--display-name', 'test', ...keys);
  startDaemon('radosgw', '-c', configuration, '-n', 'client.admin', '-f');
  const endpoint = `http://127.0.0.1:${gatewayPort}`;
  await until('the gateway answers', async () => (await fetch(endpoint)).ok, { timeoutMs: 60_000 });
  return { endpoint, accessKeyId, secretAccessKey };
}

function startDaemon(program: string, ...args: readonly string[]): void {
  const command = existsSync('/usr/bin/setpriv')
    ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', program, ...args]
    : [program, ...args];
  const daemon = spawn(command[0] ?? program, command.slice(1), { stdio: 'ignore' });
  daemons.push(daemon);
  daemon.once('error', (error) => fail(`${program} cannot be started: ${error.message}`));
  daemon.once('exit', (code, signal) => fail(`${program} ended: ${signal ?? `exit code ${code}`}`));
}

function fail(reason: string): void {
  console.log(JSON.stringify({ error: `${reason}\n${logTails()}` }));
  stop(1);
}

/** Nothing in there is worth a clean shutdown. */
function stop(code: number): void {
  if (isStopping) return;
  isStopping = true;
  let running = 0;
  const ended = () => {
    if (running-- > 0) return;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(code);
  };
  for (const daemon of daemons) {
    daemon.removeAllListeners();
    if (daemon.pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null) continue;
    running++;
    daemon.once('exit', ended);
    daemon.kill('SIGKILL');
  }
  ended();
}

function logTails(): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => `${name}:\n${readFileSync(join(folder, name), 'utf8').split('\n').slice(-15).join('\n')}`)
    .join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function cephConf(cluster: string, monitorPort: number, gatewayPort: number): string {
  return `
[global]
fsid = ${cluster}
mon_host = v2:127.0.0.1:${monitorPort}/0
public_network = 127.0.0.1/32
ms_bind_ipv6 = false
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
keyring = ${folder}/keyring
run_dir = ${folder}/run
admin_socket =
pid_file =
log_file = ${folder}/$name.log
log_to_stderr = false
err_to_stderr = false
mon_data = ${folder}/mon
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
# One disk, one copy, one placement group a pool.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
rgw_rados_pool_pg_num_min = 1
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_crush_chooseleaf_type = 0
# Commit at once instead of gathering changes: half the time to start.
paxos_propose_interval = 0.01
paxos_min_wait = 0.01
[client.admin]
rgw_frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw_enable_usage_log = false
`;
}
