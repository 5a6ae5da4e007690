/** `qmpcheck fuzz` and the replay of what it finds, as scripts and people at a terminal see them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { BROKEN, CampaignFolder, SOUND } from '../testing/campaign-folder.ts';
import { type CommandResult, callMain, program, qmpcheck } from '../testing/command-line.ts';
import { ptyUnavailable, requireOrSkip } from '../testing/engines.ts';

/** A process for each endpoint, of which campaigns start many. */
const LONG = 300_000;

const BUCKET = /^deviation error-class: .* \(\d+ hits, 1 steps, rate 3\/3, findings\/(\S+)\)$/;

const campaigns = new CampaignFolder();
let found: CommandResult;
beforeAll(async () => {
  found = await qmpcheck(campaigns.args('found', '--target', BROKEN));
}, LONG);
afterAll(() => campaigns.remove());

const statusOf = (name: string): Promise<CommandResult> =>
  callMain(['fuzz', '--status', join(campaigns.path, name)]);

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

  test('--status tells the same, and does nothing', async () => {
    const before = campaigns.log('found');
    expect(await statusOf('found')).toEqual({ code: 0, stdout: found.stdout, stderr: '' });
    expect(campaigns.log('found')).toBe(before);
    expect(await statusOf('none')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('no campaign'),
    });
  });

  test(
    'replay: REPRODUCED on the endpoint it was found on, FIXED on a sound one',
    async () => {
      const path = join(campaigns.path, 'found', 'findings', BUCKET.exec(found.stdout.split('\n')[0]!)![1]!);
      const again = await callMain(['replay', path]);
      expect(again.stdout).toMatch(/^REPRODUCED .*: deviation error-class: .*\n.*, 1 REPRODUCED\n$/);
      expect(again.code).toBe(1);
      const sound = await qmpcheck(['replay', join(campaigns.path, 'found'), '--target', SOUND, '--json']);
      expect(JSON.parse(sound.stdout)).toMatchObject({
        results: [{ file: path, verdict: 'FIXED', reason: expect.stringContaining('error-class') }],
        totals: { REPRODUCED: 0, FIXED: 1, ERROR: 0 },
      });
      expect(sound.code).toBe(0);
    },
    LONG,
  );

  test(
    'an expectation mutes it',
    async () => {
      const yaml = join(campaigns.path, 'known.yaml');
      writeFileSync(yaml, "- {endpoint: 'exec', program: 'deviation error-class*', reason: known}\n");
      const call = campaigns.args('muted', '--target', BROKEN, '--expect', yaml);
      const { code, stdout } = await callMain(call);
      expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation/);
      expect(code).toBe(0);
    },
    LONG,
  );
});

describe('on the reference', () => {
  test(
    'SIGINT ends it in order: 130, what was found is told, nothing left, and it goes on',
    async () => {
      const { code, stdout, stderr, left } = await campaigns.interrupted('SIGINT');
      expect(code).toBe(130);
      expect(stdout).toMatch(/^total: 0 crash, 0 hang, 0 deviation; \d+ programs/);
      expect(stderr).toMatch(/interrupted; with --out \S+ it goes on from here\n$/);
      expect(left).toEqual([]);
      expect((await callMain(campaigns.args('SIGINT', '--target', 'reference'))).code).toBe(0);
    },
    LONG,
  );

  test(
    'a folder belongs to one campaign at a time; one that was killed leaves it to the next',
    async () => {
      let second: Promise<CommandResult> | undefined;
      const { code } = await qmpcheck(
        campaigns.args('shared', '--target', 'reference', '--commands', '100000'),
        {
          watch: (child) => {
            second ??= callMain(campaigns.args('shared', '--target', 'reference')).finally(() =>
              child.kill('SIGKILL'),
            );
          },
        },
      );
      expect(code).toBe(null);
      expect(await second).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/shared: another campaign runs in this folder \(process \d+\)\n$/),
      });
      const third = await callMain(campaigns.args('shared', '--target', 'reference'));
      expect(third.stdout).toMatch(/^total: /);
      expect(third.code).toBe(0);
    },
    LONG,
  );

  test(
    'a live screen on a terminal',
    async (context) => {
      requireOrSkip(context, 'pty', ptyUnavailable());
      const { spawn } = await import('node-pty');
      const args = campaigns.args('screen', '--target', 'reference', '--commands', '300');
      const terminal = spawn(process.execPath, [program, ...args], { cols: 120, rows: 30 });
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

describe('replay of programs', () => {
  const write = (name: string, text: string): string => {
    const path = join(campaigns.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const added = 'ground empty\nblockdev-add {"node-name":"x","driver":"null-co","size":1048576}\n';
  const refused = '# what it refuses\n\nground empty\nblockdev-del {"node-name":"nothing"}\n';

  test('on a target that does what it should, by default the reference: PASSES', async () => {
    const path = write('one.txt', added);
    expect(await callMain(['replay', path])).toMatchObject({
      code: 0,
      stdout: `PASSES ${path}\n0 MATCH, 0 DIFFERS, 0 SKIPPED, 0 ERROR, 1 PASSES\n`,
      stderr: '',
    });
  });

  test('what is done to a file is not blamed on the next command', async () => {
    const vmm = fileURLToPath(new URL('dist/harness/testing/vendor-endpoint/main.js', packageRoot()));
    const raw = { driver: 'raw', 'node-name': 'x', file: { driver: 'file', filename: '$f0' } };
    const steps = [`blockdev-add ${JSON.stringify(raw)}`, 'overwrite $f0 65536 0', 'blockdev-add {}'];
    const path = write('overwritten.txt', `${['ground files', ...steps].join('\n')}\n`);
    const { stdout } = await callMain(['replay', path, '--target', `exec:"${process.execPath}" "${vmm}"`]);
    expect(stdout).toContain('1 PASSES');
  });

  test('FAILS with what is wrong; a folder is looked through', async () => {
    const [first, second] = [write('programs/a.txt', added), write('programs/b/c.txt', refused)];
    write('programs/notes.txt', 'something else\n');
    const args = ['replay', join(campaigns.path, 'programs'), '--target', BROKEN, '--json'];
    const { code, stdout } = await callMain([...args, '--directory', 'none']);
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        { file: first, verdict: 'PASSES', reason: null },
        { file: second, verdict: 'FAILS', reason: expect.stringMatching(/^deviation error-class: [^\n]*$/) },
      ],
      totals: { PASSES: 1, FAILS: 1, ERROR: 0 },
    });
    expect(code).toBe(1);
  });

  test.each([
    ['ground empty\nblockdev-add {', 2, /^ERROR .*bad.txt: .*2/],
    ['grund empty\n', 2, /^ERROR .*bad.txt: .*1/],
    ['ground guest\n', 0, /^SKIPPED .*bad.txt: the target has no start state 'guest'\n/],
  ])('%j: not to be run', async (text, code, told) => {
    const target = `exec:${process.execPath} ${program} serve -S -qmp stdio`;
    const result = await callMain(['replay', write('bad.txt', text), '--target', target]);
    expect(result.stdout).toMatch(told);
    expect(result.code).toBe(code);
  });
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
    const { code, stdout, stderr } = await callMain(campaigns.args('fault', ...args));
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('a campaign does not go on with another seed or target', async () => {
    const out = join(campaigns.path, 'found');
    const seed = await callMain(['fuzz', '--target', BROKEN, '--out', out, '--seed', 'other']);
    expect(seed).toMatchObject({ code: 2, stderr: expect.stringContaining('with seed t') });
    const target = await callMain(['fuzz', '--target', 'reference', '--out', out]);
    expect(target).toMatchObject({ code: 2, stderr: expect.stringContaining('a campaign on exec:') });
  });
});
