/** What a user or an endpoint did is told without frames, by every subcommand in the same words. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareCampaign } from '../fuzz/prepare-campaign.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { resolveTarget } from '../targets/index.ts';
import { callMain, inFolder, qmpcheck } from '../testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}';

/** Greets, as QEMU does before it misses its firmware, and ends. */
const DIES_AFTER_GREETING = `exec:echo '${GREETING}'; echo 'could not load PC BIOS' >&2; exit 1`;

const withTarget = (target: string): [string, string[]][] => [
  ['run', ['run', 'greeting', '--target', target]],
  ['fuzz', ['fuzz', '--commands', '1', '--target', target]],
  ['diff', ['diff', 'greeting', '--left', 'reference', '--right', target]],
  ['shell', ['shell', '--target', target]],
  ['replay', ['replay', '.', '--target', target]],
];

describe.each([
  [
    'an endpoint that ends when it has greeted',
    DIES_AFTER_GREETING,
    `${DIES_AFTER_GREETING}: ended when it had greeted (exit 1)\n  could not load PC BIOS\n`,
  ],
  [
    'a program that does not start',
    'exec:echo sorry >&2; exit 3',
    'exec:echo sorry >&2; exit 3: ended before its greeting (exit 3)\n  sorry\n',
  ],
  ['nobody at an address', 'unix:/no/such', 'unix:/no/such: cannot connect: connect ENOENT /no/such\n'],
])('%s', (_, target, message) => {
  test.each(withTarget(target))('%s', (_name, args) =>
    inFolder(async (cwd) => {
      writeFileSync(join(cwd, 'x.json'), '{}');
      expect(await callMain(args, { cwd })).toEqual({ code: 2, stdout: '', stderr: `qmpcheck: ${message}` });
    }),
  );
});

test('a start state that cannot be made is told of with the last word on it', (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-system-x86_64'));
  return inFolder(async (cwd) => {
    const qemu = join(cwd, 'qemu');
    const script = `case "$*" in *'-machine pc'*) echo 'could not load PC BIOS' >&2; exit 1;; esac`;
    writeFileSync(qemu, `#!/bin/sh\n${script}\nexec qemu-system-x86_64 "$@"\n`, { mode: 0o755 });
    const area = await ScratchArea.open();
    const target = resolveTarget(`qemu-system:${qemu}`);
    const { notes } = await prepareCampaign({ target, area, invalid: 0, raw: 0 }).finally(() => area.close());
    expect(notes).toEqual([
      'start state guest cannot be made: ended before its greeting (exit 1): could not load PC BIOS',
    ]);
  });
});

test('a port that is in use', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const target = `listen:tcp:127.0.0.1:${port}`;
  const { code, stderr } = await callMain(['run', 'greeting', '--target', target]);
  server.close();
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `qmpcheck: ${target}: cannot listen: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
  });
});

test('a folder for temporary files that is not there', async () => {
  const { code, stderr } = await qmpcheck(['run', 'greeting'], { env: { TMPDIR: '/no/such' } });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'qmpcheck: the folder for temporary files (TMPDIR) cannot be used: /no/such: no such folder\n',
  });
});

test('a fault of qmpcheck is one line, and frames with --debug', () =>
  inFolder(async (cwd) => {
    // what no user does: a config that is not read but makes our own code fail
    const config = join(cwd, 'c.mjs');
    writeFileSync(config, 'export default { get targets() { throw new TypeError("no such thing"); } };\n');
    const call = ['run', 'greeting', '--config', config, '--target', 'x'];
    const { code, stderr } = await qmpcheck(call);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'qmpcheck: TypeError: no such thing (a fault of qmpcheck; --debug shows where)\n',
    });
    expect((await qmpcheck([...call, '--debug'])).stderr).toMatch(
      /^qmpcheck: TypeError: no such thing\n {4}at /,
    );
  }));

test.each([
  [['serve'], 'serve needs a monitor to serve, such as -qmp stdio'],
  [['serve', '-blockdev', 'driver=null-co,node-name=n'], 'serve needs a monitor to serve'],
  [['replay', 'empty'], 'empty: no transcript, program or finding there'],
  [['compat', 'old.json'], 'old.json: a record of version 99; this qmpcheck reads version 1'],
  [['run', '--target', 'qemu-sytem'], 'did you mean qemu-system?'],
  [['run', '--target', 'our'], 'the config file has ours, theirs; did you mean ours?'],
  [['run', '--target', 'ours', '--config', 'none.json'], 'none.json: no such file or folder'],
  [['run', '--target', 'ours', '--config', 'none.mjs'], 'none.mjs: no such file or folder'],
])('%j', (args, message) =>
  inFolder(async (cwd) => {
    mkdirSync(join(cwd, 'empty'));
    writeFileSync(join(cwd, 'old.json'), '{"recordVersion": 99}');
    const targets = { ours: { target: 'reference' }, theirs: { target: 'reference' } };
    writeFileSync(join(cwd, 'qmpcheck.config.json'), JSON.stringify({ targets }));
    const { code, stdout, stderr } = await callMain(args, { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  }),
);

test('a config file above is found, and one that is named', () =>
  inFolder(async (cwd) => {
    const below = join(cwd, 'a/b');
    mkdirSync(below, { recursive: true });
    const file = join(cwd, 'qmpcheck.config.json');
    writeFileSync(file, JSON.stringify({ targets: { ours: { target: 'reference' } } }));
    expect(await callMain(['run', 'greeting', '--target', 'ours'], { cwd: below })).toMatchObject({
      code: 0,
    });
    writeFileSync(join(cwd, 'c.json'), JSON.stringify({ targets: { theirs: { target: 'reference' } } }));
    const call = ['run', 'greeting', '--target', 'theirs', '--config', '../../c.json', '--reporter', 'json'];
    const { code, stdout } = await callMain(call, { cwd: below });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ invocation: { options: ['--config', '../../c.json'] } });
  }));

test('a config file that may not be read', { skip: process.getuid?.() === 0 }, () =>
  inFolder(async (cwd) => {
    const file = join(cwd, 'qmpcheck.config.json');
    writeFileSync(file, '{}');
    chmodSync(file, 0);
    const { code, stderr } = await callMain(['run', '--target', 'x'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('qmpcheck.config.json: permission denied');
  }),
);

test('a directive of the shell that there is not is not sent', async () => {
  const { stdout, stderr } = await qmpcheck(['shell'], { input: '.foo\n' });
  expect({ stdout, stderr }).toEqual({
    stdout: '',
    stderr: '.foo: there are .help, .pretty, .raw, .quit, and commands\n',
  });
});
