/**
 * An endpoint that somebody else runs, as the command line treats it: Ctrl-C takes back what was made there, and when it
 * dies that is told once, of the case that it died in. Real processes on real sockets.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import { QmpClient } from '../qmp/client.ts';
import { program, qmpcheck } from '../testing/command-line.ts';
import { connectUnix } from '../transports/unix.ts';

let folder: string;
let socket: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attached-'));
  socket = join(folder, 'qmp');
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

const MONITORS = ['qmp', 'watch'];
const chardevs = (paths: readonly string[]): string[] =>
  paths.flatMap((path, index) => [
    '-chardev',
    `socket,id=m${index},path=${path},server=on,wait=off`,
    '-mon',
    `chardev=m${index},mode=control`,
  ]);

/** The reference, with a monitor for the run and one for this test to watch it by. */
async function serve(): Promise<{ child: ChildProcess; watch: QmpClient }> {
  const paths = MONITORS.map((name) => join(folder, name));
  const child = spawn(process.execPath, [program, 'serve', '-nodefaults', ...chardevs(paths)], {
    stdio: 'ignore',
  });
  children.push(child);
  return { child, watch: await connected(paths[1]!) };
}

async function connected(path: string): Promise<QmpClient> {
  for (;;) {
    const transport = await connectUnix(path).catch(() => null);
    if (transport !== null) return QmpClient.connect(transport);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Looks again and again until the endpoint holds it. */
async function until(watch: QmpClient, query: string, holds: (list: JsonObject[]) => boolean): Promise<void> {
  while (!holds((await watch.execute(query)) as JsonObject[]))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

const named = (list: JsonObject[]): Json[] => list.map((one) => one['node-name'] ?? one.id ?? null);

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** The reference behind a script that sees what it is sent, may keep it back and may `die`. */
function mortal(script: string): ChildProcess {
  const file = join(folder, 'mortal.mjs');
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { rmSync, writeFileSync } from 'node:fs';
rmSync(${JSON.stringify(socket)}, { force: true });
const server = createServer((client) => {
  const child = spawn(process.execPath, [${JSON.stringify(program)}, 'serve', '-nodefaults', '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.pipe(client);
  client.on('close', () => child.kill());
  client.on('error', () => {});
  const die = () => { child.kill('SIGKILL'); process.exit(1); };
  let seen = 0;
  client.on('data', (bytes) => { const text = String(bytes); ${script}; child.stdin.write(bytes); });
});
server.listen(${JSON.stringify(socket)});
`,
  );
  const child = spawn(process.execPath, [file], { stdio: 'ignore' });
  children.push(child);
  return child;
}

describe('Ctrl-C', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s in the middle of a case with nodes and a job takes both back', async (signal, code) => {
    const { watch } = await serve();
    await watch.execute('blockdev-add', { driver: 'null-co', 'node-name': 'theirs' });
    // a case whose job stands still, and that waits for an event which does not come
    const child = start([
      'run',
      'block-job-pause',
      'block-job-cancel',
      'block-job-set-speed',
      '--target',
      `unix:${socket}`,
    ]);
    await until(watch, 'query-block-jobs', (jobs) => jobs.length > 0);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([code, null]);
    expect(named((await watch.execute('query-named-block-nodes')) as JsonObject[])).toEqual(['theirs']);
    expect(await watch.execute('query-block-jobs')).toEqual([]);
    expect(readdirSync(folder).toSorted()).toEqual(MONITORS);
    await watch.close();
  });

  /** So many commands a second, so that a signal comes in the middle of a case. */
  function slowly(target: string): void {
    const targets = { lab: { target, commandsPerSecond: 40 } };
    writeFileSync(join(folder, 'qmpcheck.config.json'), JSON.stringify({ targets }));
  }

  const config = () => ['--config', join(folder, 'qmpcheck.config.json'), '--target', 'lab'];

  test('takes back an export, before the files that it is of', async () => {
    const { watch } = await serve();
    slowly(`unix:${socket}`);
    const child = start(['run', 'nbd-server/read', ...config()]);
    const isServed = (): boolean =>
      readdirSync(folder, { recursive: true }).some((name) => /endpoint\d+\/nbd-.*/.test(String(name)));
    while (!isServed()) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await watch.execute('query-named-block-nodes')).toEqual([]);
    await expect(watch.execute('nbd-server-stop')).rejects.toThrow(/not running/i);
    expect(readdirSync(folder).filter((name) => name.startsWith('qmpcheck-run'))).toEqual([]);
    await watch.close();
  });

  test('a second one ends it at once, where an answer is waited for', async () => {
    const asked = join(folder, 'asked');
    mortal(`if (text.includes('"block_resize"')) { writeFileSync(${JSON.stringify(asked)}, ''); return; }`);
    await (await connected(socket)).close();
    const child = start(['run', 'block_resize/grow', '--target', `unix:${socket}`]);
    const ended = once(child, 'exit');
    while (!existsSync(asked)) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
  });
});

describe('an endpoint that dies', () => {
  async function run(...args: string[]): Promise<{ code: number | null; stderr: string; record: RunRecord }> {
    const call = ['run', 'block_resize', '--target', `unix:${socket}`, '--reporter', 'json', ...args];
    const { code, stderr, stdout } = await qmpcheck(call, { env: { TMPDIR: folder } });
    return { code, stderr, record: JSON.parse(stdout) as RunRecord };
  }

  const outcomes = (record: RunRecord) =>
    record.cases.map(({ id, outcome, reason }) => [id, outcome, reason]);

  test('in a case is a crash of that case, and the rest is not run', async () => {
    mortal(`if (text.includes('"block_resize"') && (seen += 1) === 3) die()`);
    await (await connected(socket)).close();
    const { code, record } = await run();
    expect(code).toBe(1);
    expect(record.incomplete).toBe(true);
    const [crash, ...others] = record.cases.filter(
      ({ outcome, reason }) => outcome !== 'pass' && reason?.startsWith('needs ') !== true,
    );
    expect(crash).toMatchObject({ outcome: 'crash', process: { unanswered: [{ by: 'case' }] } });
    expect(crash!.process!.inFlight).toContain('block_resize');
    expect(others.length).toBeGreaterThan(3);
    for (const one of others) expect(one).toMatchObject({ outcome: 'skip', reason: 'endpoint gone' });
  });

  test('comes back with `restart` in the config, and all cases run', async () => {
    mortal(`if (text.includes('"block_resize"') && (seen += 1) === 3) die()`);
    await (await connected(socket)).close();
    writeFileSync(
      join(folder, 'qmpcheck.config.json'),
      JSON.stringify({
        targets: {
          lab: {
            target: `unix:${socket}`,
            restart: `exec ${process.execPath} ${join(folder, 'lasting.mjs')}`,
          },
        },
      }),
    );
    const pid = join(folder, 'pid');
    writeFileSync(
      join(folder, 'lasting.mjs'),
      `import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(pid)}, String(process.pid));
rmSync(${JSON.stringify(socket)}, { force: true });
const child = spawn(process.execPath, ${JSON.stringify([program, 'serve', ...chardevs(['SOCKET'])])}.map((word) => word.replace('SOCKET', ${JSON.stringify(socket)})), { stdio: 'ignore' });
process.on('SIGTERM', () => { child.kill(); process.exit(0); });
`,
    );
    const call = ['run', 'block_resize', '--target', 'lab', '--reporter', 'json'];
    const { code, stdout } = await qmpcheck(call, { cwd: folder, env: { TMPDIR: folder } });
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGTERM');
    const record = JSON.parse(stdout) as RunRecord;
    expect(code).toBe(1);
    expect(record.incomplete).toBeUndefined();
    expect(record.totals).toMatchObject({ crash: 1, error: 0, timeout: 0 });
    expect(outcomes(record).filter(([, , reason]) => reason === 'endpoint gone')).toEqual([]);
  });

  test('--wait waits for one that is not there yet, and no longer than it says', async () => {
    const target = `unix:${socket}`;
    const late = start(['run', 'greeting/shape', '--target', target, '--wait', '60']);
    const ended = once(late, 'exit');
    await serve();
    expect(await ended).toEqual([0, null]);
    const never = await qmpcheck(['run', 'greeting', '--target', 'unix:/no/such', '--wait', '1']);
    expect(never).toMatchObject({ code: 2, stderr: expect.stringMatching(/^qmpcheck: unix:\/no\/such: /) });
  });
});

describe('an endpoint that calls once', () => {
  /** Calls as soon as somebody listens, and never again. */
  function caller(): ChildProcess {
    const file = join(folder, 'caller.mjs');
    writeFileSync(
      file,
      `import { spawn } from 'node:child_process';
import { connect } from 'node:net';
const call = () => {
  const client = connect(${JSON.stringify(socket)});
  client.once('error', () => setTimeout(call, 20));
  client.once('connect', () => {
    const child = spawn(process.execPath, [${JSON.stringify(program)}, 'serve', '-nodefaults', '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdout.pipe(client);
    client.pipe(child.stdin);
    client.on('close', () => child.kill());
  });
};
call();
`,
    );
    const child = spawn(process.execPath, [file], { stdio: 'ignore' });
    children.push(child);
    return child;
  }

  test.each([
    ['run', ['run', 'block_resize', 'raw', '--target']],
    ['fuzz', ['fuzz', '--commands', '100', '--seed', '1', '--out', 'campaign', '--target']],
    ['diff', ['diff', 'block_resize', 'raw', '--left', 'reference', '--right']],
  ])('%s asks it who it is and goes on with it, images and all', async (_, args) => {
    caller();
    const { code, stderr, stdout } = await qmpcheck([...args, `listen:unix:${socket}`], {
      cwd: folder,
      env: { TMPDIR: folder },
    });
    expect({ code, stderr: stderr.replace(/^(campaign|\d+ s|confirming).*\n/gm, ''), stdout }).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(stdout).not.toMatch(/not ok|\d+ skipped, 0 passed/);
  });
});

test('a campaign ends when the endpoint is gone', async () => {
  const { child, watch } = await serve();
  const campaign = start([
    'fuzz',
    '--time',
    '10m',
    '--seed',
    '1',
    '--out',
    join(folder, 'c'),
    '--target',
    `unix:${socket}`,
  ]);
  let stderr = '';
  campaign.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(campaign, 'exit');
  while (!stderr.includes('campaign in')) await once(campaign.stderr!, 'data');
  await until(watch, 'query-named-block-nodes', (nodes) => nodes.length > 0);
  child.kill('SIGKILL');
  expect(await ended).toEqual([1, null]);
  expect(stderr).toContain('the endpoint is gone: ');
});
