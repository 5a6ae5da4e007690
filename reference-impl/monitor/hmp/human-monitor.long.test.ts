/** The same lines to QEMU 7.2 and to the reference: what is printed is the same, but for what versions say otherwise. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addDrive } from '../../options/drive.ts';
import { ReferenceEndpoint } from '../../reference-endpoint.ts';
import { run, whyMissing } from '../../testing/external-programs.ts';
import { ManualClock } from '../../testing/test-services.ts';

const missing = whyMissing(['qemu-system-x86_64', 'qemu-img'], 'qemu');

const LINES = `
info block
info block -v
info block -n
info block d1
info block nope
info block nn
info block-jobs
info blockstats
info status
block_resize d0 2M
info block -v d0
block_resize nope 2M
block_resize d0 x
block_resize d0
block_resize
block_set_io_throttle d0 1 2 3 4 5 6
block_set_io_throttle d0 0 1000 2000 0 10 20
info block d0
block_set_io_throttle d0 0 0 0 0 0 0
block_set_io_throttle nope 0 0 0 0 0 0
block_set_io_throttle d0 0 0
commit d0
commit all
commit nope
block_stream d1
block_stream nope
block_job_cancel nope
block_job_cancel -f nope
block_job_set_speed nope 10
block_job_pause nope
block_job_resume nope
block_job_complete nope
foo
info foo
help foo
help block_resize
help commit
help drive_del
help block_job_set_speed
help block_stream
help eject
help qemu-io
help nbd_server_start
help cont
eject nope
change d1 raw raw
info block d1
eject d1
info block d1
drive_add 0 if=none,id=d9,file=raw,format=raw
drive_add 0 if=none,id=d9,file=raw,format=raw
info block d9
drive_del d9
drive_del nope
nbd_server_start localhost
nbd_server_start 127.0.0.1:0
nbd_server_start -a 127.0.0.1:19999
nbd_server_add d0
nbd_server_remove d0
nbd_server_stop
nbd_server_stop
snapshot_blkdev d0
snapshot_blkdev_internal d0 s1
snapshot_delete_blkdev_internal d0 s1
snapshot_delete_blkdev_internal d0 s1
snapshot_blkdev_internal nope s1
drive_backup nope hk.raw
stop
info status
cont
info status
qemu-io d0 "foo"
qemu-io d0
qemu-io
qemu-io nope "read 0 64k"
`
  .split('\n')
  .filter((line) => line !== '');

/** What both are given: a chain under `d0`, an empty drive, a node. */
const DRIVES = ['if=none,id=d0,file=top,format=qcow2', 'if=none,id=d1'];

let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-human-'));
  for (const side of ['qemu', 'ours']) mkdirSync(join(folder, side));
  if (missing !== undefined) return;
  const create = (...args: string[]) => run('qemu-img', 'create', '-q', '-f', ...args);
  const at = (name: string) => join(folder, 'qemu', name);
  await create('qcow2', at('base'), '1M');
  await create('qcow2', '-u', '-b', 'base', '-F', 'qcow2', at('top'), '1M');
  await create('raw', at('raw'), '1M');
  for (const name of ['base', 'top', 'raw']) copyFileSync(at(name), join(folder, 'ours', name));
});

afterEach(() => rmSync(folder, { recursive: true }));

function byQemu(): string[] {
  const commands = [
    { execute: 'qmp_capabilities' },
    ...LINES.map((line) => ({ execute: 'human-monitor-command', arguments: { 'command-line': line } })),
    { execute: 'quit' },
  ];
  const machine = ['-machine', 'none', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-S'];
  const { stdout } = spawnSync(
    'qemu-system-x86_64',
    [
      ...machine,
      ...DRIVES.flatMap((drive) => ['-drive', drive]),
      '-blockdev',
      'driver=null-co,node-name=nn,size=1048576',
      '-qmp',
      'stdio',
    ],
    {
      cwd: join(folder, 'qemu'),
      input: commands.map((command) => JSON.stringify(command)).join('\n'),
      encoding: 'utf8',
    },
  );
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{"return": "'))
    .map((line) => (JSON.parse(line) as { return: string }).return);
}

async function byReference(): Promise<string[]> {
  const endpoint = new ReferenceEndpoint({ cwd: join(folder, 'ours'), clock: new ManualClock() });
  endpoint.begin();
  await endpoint.block.add({ driver: 'null-co', 'node-name': 'nn', size: 1 << 20 });
  for (const drive of DRIVES) await addDrive(drive, endpoint.block);
  const printed: string[] = [];
  for (const line of LINES)
    await endpoint.loop.exclusively(async () => void printed.push(await endpoint.humanLine(line)));
  endpoint.shutdown();
  await endpoint.exited;
  return printed;
}

/** Takes away what 7.2 prints otherwise than 2.11: how names are quoted, that errors are called so, newer formats. */
function told(printed: string): string {
  return printed
    .replaceAll(/#block\d+/g, '#block')
    .replaceAll(/ {4}(compression type|extended l2): .*\r\n/g, '')
    .replaceAll(/disk size: .*/g, 'disk size: …')
    .replaceAll(/device='([^']*)' nor node-name='([^']*)'/g, 'device=$1 nor node_name=$2')
    .replaceAll(/(_time_ns)=\d+/g, '$1=…')
    .replace(/^Error: /, '');
}

test.skipIf(missing !== undefined)(`the human monitor${missing ? `: ${missing}` : ''}`, async () => {
  const [theirs, ours] = [byQemu(), await byReference()];
  const side = (printed: readonly string[]) =>
    LINES.map((line, index) => [line, told(printed[index] ?? 'nothing')]);
  expect(side(ours)).toEqual(side(theirs));
});
