/** `qmpcheck fuzz` and the replay of what it finds, as scripts and people at a terminal see them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { type Call, program, qmpcheck, type Result } from '../testing/command-line.ts';
import { ptyUnavailable, requireOrSkip } from '../testing/engines.ts';

/** A process for each endpoint, of which campaigns start many. */
const LONG = 300_000;

const ENDPOINT = fileURLToPath(new URL('dist/harness/testing/planted-endpoint.js', packageRoot()));
const SOUND = `exec:exec node '${ENDPOINT}'`;
/** Shown by whatever is refused. */
const BROKEN = `${SOUND} 'error class that QMP does not know'`;
const BUCKET = /^deviation error-class: .* \(\d+ hits, 1 steps, rate 3\/3, findings\/(\S+)\)$/;

let folder: string;
let found: Result;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-fuzz-cli-'));
  found = await fuzz('found', ['--target', BROKEN]);
}, LONG);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A campaign of one round. */
function fuzz(out: string, args: readonly string[], call: Call = {}): Promise<Result> {
  return qmpcheck(['fuzz', '--commands', '1', '--seed', 't', '--out', join(folder, out), ...args], call);
}

/** The log of a campaign without what depends on the machine. */
function log(out: string): string {
  return readFileSync(join(folder, out, 'log.jsonl'), 'utf8').replace(
    /"(milliseconds|residentBytes)":[\d.e-]+/g,
    '',
  );
}

const statusOf = async (out: string): Promise<Result> => qmpcheck(['fuzz', '--status', join(folder, out)]);

describe('a campaign that finds something', () => {
  test('ends with 1: a line a bucket on stdout, how it went on stderr, without a terminal in plain lines', () => {
    const { code, stdout, stderr } = found;
    const [bucket, total] = stdout.trimEnd().split('\n');
    expect(bucket).toMatch(BUCKET);
    expect(total).toMatch(/^total: 0 crash, 0 hang, 1 deviation; 24 programs, \d+ commands, \d+ s$/);
    expect(stderr).toMatch(/^campaign in .*found, seed t\n/);
    expect(stderr).toMatch(/corpus \d+, features \d+, schema points \d+ of \d+, last novelty 0 rounds ago/);
    expect(stderr).not.toContain('\x1b');
    expect(code).toBe(1);
  });

  // Of one answer to each program: an endpoint with images shows what the programs before left in them.
  test(
    'is the same with 2 and 3 workers, each in a thread of its own',
    async () => {
      for (const workers of ['2', '3']) {
        const { code } = await fuzz(`by${workers}`, ['--target', BROKEN, '--workers', workers]);
        expect(code).toBe(1);
        expect(log(`by${workers}`)).toBe(log('found'));
      }
    },
    LONG,
  );

  test('--status tells the same, and does nothing', async () => {
    const before = log('found');
    expect(await statusOf('found')).toEqual({ code: 0, stdout: found.stdout, stderr: '' });
    expect(log('found')).toBe(before);
    expect(await statusOf('none')).toMatchObject({ code: 2, stdout: '', stderr: /no campaign/ });
  });

  test(
    'replay: REPRODUCED on the endpoint it was found on, FIXED on a sound one',
    async () => {
      const path = join(folder, 'found', 'findings', BUCKET.exec(found.stdout.split('\n')[0]!)![1]!);
      const again = await qmpcheck(['replay', path]);
      expect(again.stdout).toMatch(/^REPRODUCED .*: deviation error-class: .*\n.*, 1 REPRODUCED\n$/);
      expect(again.code).toBe(1);
      const sound = await qmpcheck(['replay', join(folder, 'found'), '--target', SOUND, '--json']);
      expect(JSON.parse(sound.stdout)).toMatchObject({
        results: [{ file: path, verdict: 'FIXED', reason: expect.stringContaining('error-class') }],
        totals: { REPRODUCED: 0, FIXED: 1, ERROR: 0 },
      });
      expect(sound.code).toBe(0);
    },
    LONG,
  );

  test(
    '--ci fails on a new bucket, and not on one that its folder knows',
    async () => {
      const ci = ['--target', BROKEN, '--ci'];
      expect((await fuzz('ci', ci)).code).toBe(1);
      const second = await fuzz('ci', ci);
      expect(second.code).toBe(0);
      expect(second.stdout).toMatch(new RegExp(BUCKET.source, 'm'));
    },
    LONG,
  );

  test(
    'an expectation mutes it',
    async () => {
      const yaml = join(folder, 'known.yaml');
      writeFileSync(yaml, "- {endpoint: 'exec', program: 'deviation error-class*', reason: known}\n");
      const { code, stdout } = await fuzz('muted', ['--target', BROKEN, '--expect', yaml]);
      expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation/);
      expect(code).toBe(0);
    },
    LONG,
  );
});

describe('on the reference', () => {
  const call = ['--target', 'reference', '--commands', '300'];

  test(
    'killed in the middle it goes on, and ends as if it had not been',
    async () => {
      const rounds = (): number => log('killed').match(/"type":"round"/g)?.length ?? 0;
      const killed = await fuzz('killed', call, {
        watch: (child) => {
          if (existsSync(join(folder, 'killed', 'log.jsonl')) && rounds() > 0) child.kill('SIGKILL');
        },
      });
      expect(killed.code).toBe(null);
      expect(rounds()).toBe(1);
      expect((await fuzz('killed', call)).code).toBe(0);
      expect(rounds()).toBeGreaterThan(1);
      expect((await fuzz('whole', call)).code).toBe(0);
      expect(log('killed')).toBe(log('whole'));
    },
    LONG,
  );

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it in order: 130, what was found is told, nothing left, and it goes on',
    async (name) => {
      const temporary = join(folder, `tmp-${name}`);
      mkdirSync(temporary);
      let isTold = false;
      const { code, stdout, stderr } = await fuzz(name, [...call.slice(0, 2), '--commands', '100000'], {
        env: { TMPDIR: temporary },
        watch: (child) => {
          // A second one would end it at once.
          if (!isTold) isTold = child.kill(name);
        },
      });
      expect(code).toBe(130);
      expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation; \d+ programs/);
      expect(stderr).toMatch(/interrupted; with --out \S+ it goes on from here\n$/);
      expect(readdirSync(temporary)).toEqual([]);
      expect((await fuzz(name, call.slice(0, 2))).code).toBe(0);
    },
    LONG,
  );

  test(
    'a live screen on a terminal',
    async (context) => {
      requireOrSkip(context, 'pty', ptyUnavailable());
      const { spawn } = await import('node-pty');
      const args = [program, 'fuzz', ...call, '--seed', 't', '--out', join(folder, 'screen')];
      const terminal = spawn(process.execPath, args, { cols: 120, rows: 30 });
      let shown = '';
      terminal.onData((text) => {
        shown += text;
      });
      const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
      expect(exitCode).toBe(0);
      // Drawn, drawn over, and gone at the end.
      const screens = shown.split('\x1b[3A\x1b[J');
      expect(screens.length).toBeGreaterThan(2);
      expect(screens[0]).toMatch(
        /commands \(\d+\/s\) in 24 programs\r\n.*schema points.*\r\n0 findings\r\n$/,
      );
      expect(screens.at(-1)).toMatch(/^total: 0 crash/);
    },
    LONG,
  );
});

describe('what is the fault of the call ends with 2', () => {
  test.each([
    [['--time', '1m'], 'cannot be used with'],
    [['--target', 'nosuch'], "no target 'nosuch'"],
    [['--target', 'qemu-system:/no/such/qemu'], '/no/such/qemu'],
    [['--target', 'exec:exit 3'], 'ended before its greeting'],
    [['--workers', '0'], 'whole number'],
    [['--raw', '2'], 'from 0 to 1'],
    [['--match', 'none'], 'choices are bucket, signal, check'],
    [['--expect', '/no/such.yaml'], '/no/such.yaml'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await fuzz('fault', args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a campaign does not go on with another seed or target', async () => {
    const out = join(folder, 'found');
    const seed = await qmpcheck(['fuzz', '--target', BROKEN, '--out', out, '--seed', 'other']);
    expect(seed).toMatchObject({ code: 2, stderr: expect.stringContaining('with seed t') });
    const target = await qmpcheck(['fuzz', '--target', 'reference', '--out', out]);
    expect(target).toMatchObject({ code: 2, stderr: expect.stringContaining('a campaign on exec:') });
  });
});
