/** As on the reference, with what only later releases have, or a machine with the devices of a guest. */

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext } from '../cases/case.ts';
import { qemuIo } from '../cases/helpers/human-monitor-io.ts';
import { addNode, addRaw, MiB } from '../cases/helpers/shared-setup.ts';
import { qemuSystem } from '../targets/qemu-system.ts';
import type { Topology } from '../targets/target.ts';
import { resize, SCENES, type Scene, seen, told } from '../testing/effect-scenes.ts';
import { enginesUnavailable, requireOrSkip } from '../testing/engines.ts';

/** Empty guest drive `cd` with a tray, image `n` for it, and a hard disk `hd` in node `h`. */
const machine: Topology = {
  name: 'machine-with-drives',
  images: [
    { path: 'cd.img', format: 'raw', size: MiB },
    { path: 'hd.img', format: 'raw', size: MiB },
  ],
  options: [
    '-machine',
    'q35',
    '-device',
    'ide-cd,id=cd,bus=ide.1',
    '-blockdev',
    'driver=file,node-name=n,filename=@DIR@/cd.img,read-only=on',
    '-blockdev',
    'driver=file,node-name=h,filename=@DIR@/hd.img',
    '-device',
    'ide-hd,id=hd,drive=h,bus=ide.2',
  ],
  monitors: 1,
};

const insert = async (t: CaseContext) => {
  await t.execute('blockdev-open-tray', { id: 'cd' });
  await t.execute('blockdev-insert-medium', { id: 'cd', 'node-name': 'n' });
};

async function disabled(t: CaseContext): Promise<JsonObject> {
  const bitmap = { node: await addNode(t), name: 'b' };
  await t.execute('block-dirty-bitmap-add', { ...bitmap, disabled: true });
  return bitmap;
}

/** What only later releases have, or a machine with a guest's devices. */
const QEMU_SCENES: readonly Scene[] = [
  ...SCENES.filter(({ command }) => /^nbd-|snapshot-sync|^blockdev-backup|job-(pause|set)/.test(command)),
  ...SCENES.filter(({ command }) => command === 'block_set_io_throttle'),
  {
    command: 'blockdev-snapshot-sync',
    says: /there is no node '/,
    topology: machine,
    run: (t) =>
      t.execute('blockdev-snapshot-sync', {
        'node-name': 'h',
        'snapshot-file': `${t.dir}/overlay.qcow2`,
        'snapshot-node-name': 'overlay',
      }),
  },
  {
    command: 'object-add',
    says: /there is no object 'o'/,
    run: (t) => t.execute('object-add', { 'qom-type': 'iothread', id: 'o' }),
  },
  {
    command: 'object-del',
    says: /the object 'o' is still there/,
    run: async (t) => {
      await t.execute('object-add', { 'qom-type': 'iothread', id: 'o' });
      await t.execute('object-del', { id: 'o' });
    },
  },
  {
    command: 'block-dirty-bitmap-enable',
    says: /recording is what it was/,
    run: async (t) => t.execute('block-dirty-bitmap-enable', await disabled(t)),
  },
  {
    command: 'block-dirty-bitmap-disable',
    says: /recording is what it was/,
    run: async (t) => {
      const bitmap = await disabled(t);
      await t.execute('block-dirty-bitmap-enable', bitmap);
      await t.execute('block-dirty-bitmap-disable', bitmap);
    },
  },
  {
    command: 'block-dirty-bitmap-clear',
    says: /count is what it was/,
    run: async (t) => {
      const bitmap = { node: await addNode(t), name: 'b' };
      await t.execute('block-dirty-bitmap-add', bitmap);
      await qemuIo(t, bitmap.node, 'write 0 64k');
      await t.execute('block-dirty-bitmap-clear', bitmap);
    },
  },
  {
    command: 'block-job-dismiss',
    says: /status is what it was/,
    run: async (t) => {
      const id = t.name('job');
      const [device, target] = [await addNode(t), await addNode(t)];
      await t.execute('blockdev-backup', {
        'job-id': id,
        device,
        target,
        sync: 'full',
        'auto-dismiss': false,
      });
      await t.event('JOB_STATUS_CHANGE', { id, status: 'concluded' });
      await t.execute('block-job-dismiss', { id });
    },
  },
  {
    command: 'blockdev-open-tray',
    says: /tray_open is what it was/,
    topology: machine,
    run: (t) => t.execute('blockdev-open-tray', { id: 'cd' }),
  },
  {
    command: 'blockdev-close-tray',
    says: /tray_open is what it was/,
    topology: machine,
    run: async (t) => {
      await t.execute('blockdev-open-tray', { id: 'cd' });
      await t.execute('blockdev-close-tray', { id: 'cd' });
    },
  },
  {
    command: 'blockdev-insert-medium',
    says: /inserted\.node-name is what it was/,
    topology: machine,
    run: insert,
  },
  {
    command: 'blockdev-remove-medium',
    says: /inserted is what it was/,
    topology: machine,
    run: async (t) => {
      await insert(t);
      await t.execute('blockdev-remove-medium', { id: 'cd' });
    },
  },
  {
    command: 'eject',
    says: /inserted is what it was/,
    topology: machine,
    run: async (t) => {
      await insert(t);
      await t.execute('eject', { id: 'cd' });
    },
  },
  {
    command: 'blockdev-change-medium',
    says: /inserted\.file is what it was/,
    topology: machine,
    run: (t) => t.execute('blockdev-change-medium', { id: 'cd', filename: `${t.dir}/cd.img`, format: 'raw' }),
  },
  {
    command: 'stop',
    says: /running is what it was/,
    topology: machine,
    run: async (t) => {
      await t.execute('cont');
      await t.execute('stop');
    },
  },
  {
    command: 'cont',
    says: /running is what it was/,
    topology: machine,
    run: (t) => t.execute('cont'),
  },
];

/** Closing what is closed, resizing to the size that is there, ejecting nothing. */
const IDLE: readonly Pick<Scene, 'command' | 'run' | 'topology'>[] = [
  {
    command: 'blockdev-close-tray',
    topology: machine,
    run: (t) => t.execute('blockdev-close-tray', { id: 'cd' }),
  },
  {
    command: 'block_resize',
    run: async (t) => resize(t, (await addRaw(t, MiB)).name, MiB),
  },
  {
    command: 'block-set-write-threshold',
    run: async (t) =>
      t.execute('block-set-write-threshold', { 'node-name': await addNode(t), 'write-threshold': 0 }),
  },
  {
    command: 'blockdev-open-tray',
    topology: machine,
    run: async (t) => {
      await t.execute('blockdev-open-tray', { id: 'cd' });
      await t.execute('blockdev-open-tray', { id: 'cd' });
    },
  },
];

describe('on QEMU', () => {
  const target = qemuSystem('qemu-system');
  const unavailable = enginesUnavailable('qemu-system-x86_64');

  for (const scene of QEMU_SCENES)
    test(`${scene.command}: ${scene.says.source}`, async (context) => {
      requireOrSkip(context, 'qemu', unavailable);
      await seen(target, scene);
    });

  for (const scene of IDLE)
    test(`${scene.command} with nothing to do`, async (context) => {
      requireOrSkip(context, 'qemu', unavailable);
      const honest = { ...scene, says: /./ };
      expect(await told(target, honest)).toEqual({ found: [], outcome: 'pass ' });
    });
});
