/** Nodes that guest devices share, or do not; and what a device that is refused leaves behind: nothing. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { pc } from '../helpers/ide-guest.ts';
import { addNode, dataNodes, KiB, needs, queryList } from '../helpers/shared-setup.ts';

/** SCSI disk `hd0` on drive `full`; drives `empty`, without a medium, and `spare`, without a device. */
const machine = pc(
  'shared-nodes',
  [],
  [
    '-device',
    'virtio-scsi-pci,id=scsi',
    '-drive',
    'if=none,id=full,driver=null-co,size=65536,node-name=filled',
    '-drive',
    'if=none,id=empty',
    '-drive',
    'if=none,id=spare,driver=null-co,size=65536,node-name=spared',
    '-device',
    'scsi-hd,id=hd0,drive=full,bus=scsi.0,scsi-id=0,lun=0',
  ],
);

const plugs: Needs = needs(dataNodes, {
  commands: ['device_add', 'device_del', 'query-block'],
  events: ['DEVICE_DELETED'],
});

const scsi = (more: JsonObject): JsonObject => ({ driver: 'scsi-hd', bus: 'scsi.0', ...more });

async function unplug(t: CaseContext, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await t.execute('device_del', { id });
    await t.event('DEVICE_DELETED', { device: id });
  }
}

/** Whether the first and the second of two disks let others write. */
const PAIRS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** All that queries tell of drives, nodes and devices. */
async function everything(t: CaseContext): Promise<Json> {
  const devices = await queryList(t, 'qom-list', { path: '/machine/peripheral' });
  return {
    drives: await t.execute('query-block'),
    nodes: await t.execute('query-named-block-nodes'),
    statistics: await t.execute('query-blockstats'),
    devices: devices.map(({ name }) => String(name)),
  };
}

export const sharedNodes: readonly CaseDefinition[] = [
  {
    id: 'device_add/share-rw',
    title:
      'Two disks use a node that is written only where both let the other write; one that is read at once',
    requirements: ['guest-drives/plugging', 'blockdev-del/attached'],
    needs: plugs,
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      for (const shares of PAIRS) {
        const node = await addNode(t, { size: 64 * KiB });
        const [first, second] = shares.map((share) =>
          scsi({ id: t.name('hd'), drive: node, ...(share && { 'share-rw': true }) }),
        ) as [JsonObject, JsonObject];
        await t.execute('device_add', first);
        if (shares.every(Boolean)) {
          await t.execute('device_add', second);
          await unplug(t, String(first.id));
          await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
        } else {
          await t.refused('device_add', second);
          const users = (await queryList(t, 'query-block')).map(({ qdev }) => qdev ?? null);
          t.check(
            !users.includes(String(second.id)),
            'the disk that was refused must not be listed',
            'it is',
          );
          await unplug(t, String(first.id));
          await t.execute('device_add', second);
        }
        await unplug(t, String(second.id));
        await t.execute('blockdev-del', { 'node-name': node });
      }
      const node = await addNode(t, { size: 64 * KiB, 'read-only': true });
      const ids = [t.name('hd'), t.name('hd')];
      for (const id of ids) await t.execute('device_add', scsi({ id, drive: node }));
      await unplug(t, ...ids);
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'device_add/share-rw-with-clients',
    title: 'Clients of the NBD server may write what a disk uses only if that lets others write',
    requirements: ['guest-drives/plugging'],
    needs: needs(plugs, { commands: ['nbd-server-start', 'nbd-server-add', 'nbd-server-stop'] }),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const addr = { type: 'unix', data: { path: `${t.dir}/${t.name('nbd')}.sock` } };
      await t.execute('nbd-server-start', { addr });
      for (const share of [false, true]) {
        const node = await addNode(t, { size: 64 * KiB });
        const id = t.name('hd');
        await t.execute('device_add', scsi({ id, drive: node, 'share-rw': share }));
        const writable = { device: node, writable: true };
        if (share) await t.execute('nbd-server-add', writable);
        else {
          await t.refused('nbd-server-add', writable);
          await t.execute('nbd-server-add', { device: node });
        }
        await unplug(t, id);
      }
      await t.execute('nbd-server-stop');
    },
  },
  {
    id: 'device_add/refused-leaves-nothing',
    title: 'However a disk is refused, drives, nodes and devices are as before; its id and node are free',
    requirements: ['guest-drives/plugging', 'query-block/every-device'],
    needs: needs(plugs, { commands: ['qom-list', 'query-blockstats'] }),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const [free, taken] = [await addNode(t, { size: 64 * KiB }), await addNode(t, { size: 64 * KiB })];
      await t.execute('device_add', scsi({ id: 'owner', drive: taken }));
      await t.execute('device_add', scsi({ id: 'other', drive: 'spared' }));
      const id = t.name('hd');
      const before = await everything(t);
      for (const wrong of [
        {},
        { drive: t.name('nothing') },
        { drive: 'full' },
        { drive: 'empty' },
        { drive: 'spare' },
        { drive: taken },
        { drive: taken, 'share-rw': true },
        { drive: 'filled', 'share-rw': true },
        { drive: free, id: 'owner' },
        { drive: free, 'scsi-id': 0, lun: 0 },
        { drive: free, 'scsi-id': 256 },
        { drive: free, bus: 'none.0' },
        { drive: free, rerror: 'perhaps' },
        { drive: free, logical_block_size: 1024 },
        { drive: free, 'no-property': 1 },
        { drive: free, driver: 'no-device' },
        { drive: free, driver: 'ide-hd', bus: 'ide.1' },
        { drive: 'full', driver: 'scsi-cd' },
      ]) {
        const asked = scsi({ id, ...wrong });
        const reply = await t.request({ execute: 'device_add', arguments: asked });
        t.check(reply.error !== undefined, `device_add must refuse ${JSON.stringify(wrong)}`, 'it does not');
        t.equal(await everything(t), before, `nothing may be left of ${JSON.stringify(wrong)}`);
      }
      await t.execute('device_add', scsi({ id, drive: free }));
      await unplug(t, id, 'owner', 'other');
      await t.execute('device_add', scsi({ id, drive: 'spare' }));
      for (const node of [free, taken]) await t.execute('blockdev-del', { 'node-name': node });
    },
  },
];
