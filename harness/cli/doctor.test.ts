/** `qmpcheck doctor` as users call it: what it tells, its exit codes, and that it leaves nothing. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { Child } from '../targets/child-process.ts';
import { callMain, inFolder, program, qmpcheck } from '../testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';
import type { Diagnosis } from './doctor/examine.ts';

const proxy = fileURLToPath(new URL('harness/testing/hiding-proxy.mjs', packageRoot()));

/** The reference without some commands, started with these variables. */
const hiding = (hidden: string, variables = '') =>
  `exec:${variables} ${process.execPath} ${proxy} ${hidden} ${program} serve -qmp stdio`;

async function diagnose(target: string, ...more: string[]): Promise<Diagnosis & { code: number | null }> {
  const { code, stdout, stderr } = await callMain(['doctor', '--target', target, '--json', ...more]);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Diagnosis) };
}

test('the reference: all of it is well', async () => {
  const { code, ready, reservations, endpoint, commands, drivers, scratch, contents, cases, quirks } =
    await diagnose('reference');
  expect({ code, ready, reservations, quirks }).toEqual({
    code: 0,
    ready: 'yes',
    reservations: [],
    quirks: [],
  });
  expect(endpoint).toMatchObject({
    target: 'reference',
    schemaDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(commands.offered).toContain('block_resize');
  expect(commands.lacking).toEqual(['system_powerdown']);
  expect(drivers.offered).toContain('rbd');
  expect(drivers.undecided).toEqual(expect.arrayContaining(['rbd', 'gluster', 'vxhs']));
  expect(drivers.undecided).not.toContain('qcow2');
  expect(scratch).toMatchObject({ reads: 'yes', writes: 'yes', makes: 'yes' });
  expect(contents).toEqual({ nbd: { works: 'yes' }, humanMonitor: { works: 'yes' } });
  expect(cases.run).toBeGreaterThan(500);
  expect(cases.skipped[0]!.cases.length).toBeGreaterThan(0);
});

test('the cases that it says can run are those that a run does not skip', async () => {
  const target = hiding('query-qmp-schema,block-commit,block-stream', 'QMPCHECK_HIDDEN_DRIVERS=null-co');
  const { cases } = await diagnose(target);
  const { stdout } = await callMain([
    'run',
    'blockdev-add',
    'block-commit',
    'null-co',
    'raw',
    '--target',
    target,
  ]);
  const skipped = new Set(cases.skipped.flatMap((one) => one.cases));
  const points = [...stdout.matchAll(/^ok \d+ - (\S+)( # SKIP (.*))?$/gm)];
  expect(points.length).toBeGreaterThan(20);
  for (const [, id, directive, reason] of points) {
    expect([id, skipped.has(id!)]).toEqual([id, directive !== undefined]);
    const told = cases.skipped.find((one) => one.cases.includes(id!));
    expect(told?.reason).toBe(reason);
  }
});

test('an endpoint without introspection is no worse for it; one with a broken one is', async () => {
  const without = await diagnose(hiding('query-qmp-schema'));
  expect(without).toMatchObject({
    code: 0,
    ready: 'yes',
    endpoint: { schemaOrigin: { restrictedBy: 'query-commands' } },
  });
  const broken = await diagnose(hiding('query-qmp-schema', `QMPCHECK_HIDDEN_REPLY='{"return": {}}'`));
  expect(broken).toMatchObject({ code: 1, ready: 'with reservations' });
  expect(broken.reservations).toEqual([expect.stringMatching(/introspection is of no use: .*not an array/)]);
});

test('a scratch folder that it cannot read: exit 2, with the option that helps; without files it can be tested', async () => {
  const target = hiding('none', 'QMPCHECK_READABLE=/nowhere');
  const cut = await diagnose(target);
  expect(cut).toMatchObject({ code: 2, ready: 'no', scratch: { reads: 'no' }, contents: null });
  expect(cut.reservations).toEqual([
    expect.stringMatching(/cannot read the scratch folder .*--directory HERE/),
  ]);
  expect(await diagnose(target, '--directory', 'none')).toMatchObject({
    code: 0,
    ready: 'yes',
    scratch: null,
  });
});

test('what does not start, or speaks no QMP: exit 2, in JSON too', async () => {
  const { code, ready, reservations } = await diagnose('exec:echo a last word >&2; exit 3');
  expect({ code, ready }).toEqual({ code: 2, ready: 'no' });
  expect(reservations[0]).toMatch(/exit 3.*a last word/s);
  const told = await callMain(['doctor', '--target', 'exec:exit 3']);
  expect(told).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('exit 3') });
  expect(told.stderr).not.toContain('    at ');
});

test('people see it in 80 columns, with what is amiss at the end', async () => {
  const target = hiding('query-qmp-schema,query-commands', 'QMPCHECK_READABLE=/nowhere');
  const { code, stdout } = await callMain(['doctor', '--target', target]);
  expect(code).toBe(2);
  const lines = stdout.split('\n').slice(1);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(stdout).toMatch(/^ {2}Endpoint {4}QEMU 2\.11\.50$/m);
  expect(stdout).toMatch(/^ {2}Schema {6}tested by the spec, restricted to what a probe found/m);
  expect(stdout).toMatch(/^ {14}not known until a case needs it: .*quit/m);
  expect(stdout).toMatch(/^✖ Scratch/m);
  expect(stdout).toMatch(/^It cannot be tested:\n {2}- the endpoint cannot read/m);
});

test('--help tells the exit codes', async () => {
  const { stdout } = await callMain(['doctor', '--help']);
  expect(stdout).toMatch(/Exit code 0:.*1:.*2:/s);
});

test('an attached QEMU is left as it was, with its one client at a time', async (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon'));
  await inFolder(async (cwd) => {
    const socket = join(cwd, 'qmp');
    const chardev = `socket,id=m,path=${socket},server=on,wait=on`;
    const nodes = ['--blockdev', 'driver=null-co,node-name=theirs'];
    const daemon = new Child({
      command: 'qemu-storage-daemon',
      args: [...nodes, '--chardev', chardev, '--monitor', 'chardev=m'],
      cwd,
    });
    try {
      while (!readdirSync(cwd).includes('qmp')) await new Promise((resolve) => setTimeout(resolve, 5));
      const temporary = join(cwd, 'tmp');
      const env = { TMPDIR: temporary };
      mkdirSync(temporary);
      const call = ['doctor', '--target', `unix:${socket}`, '--json'];
      const { code, stdout } = await qmpcheck(call, { env });
      expect(code).toBe(0);
      const diagnosis = JSON.parse(stdout) as Diagnosis;
      expect(diagnosis.monitors).toEqual({ most: 1, sharesOne: false });
      expect(diagnosis.contents!.nbd).toEqual({ works: 'yes' });
      expect(readdirSync(temporary)).toEqual([]);
      const asked = await qmpcheck(['shell', '--target', `unix:${socket}`], {
        input: 'query-named-block-nodes\n',
      });
      expect([...asked.stdout.matchAll(/"node-name": "(.*)"/g)].map(([, name]) => name)).toEqual(['theirs']);
    } finally {
      await daemon.stop();
    }
  });
});
