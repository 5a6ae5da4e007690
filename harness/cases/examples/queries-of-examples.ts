/** Examples of queries: the scene that each shows is set up, and what is told of it must have the form of the example. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes } from '../helpers/backing-chains.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, makeDirectory, makeFileIn, needs, nodeInfo, queryList } from '../helpers/shared-setup.ts';
import { formOf, shownReturn } from './play.ts';

const SIZE = 2048000;
const CLUSTER = 64 * KiB;

/** A disk over two images, an empty CD drive, an empty floppy drive, and a drive that no guest device has. */
const machine = pc(
  'machine-of-the-examples',
  [
    { path: 'base.qcow2', format: 'qcow2', size: SIZE },
    { path: 'test.qcow2', format: 'qcow2', size: SIZE, backing: { path: 'base.qcow2', format: 'qcow2' } },
  ],
  [
    '-drive',
    'if=none,id=ide0-hd0,file=@DIR@/test.qcow2,format=qcow2,detect-zeroes=on,' +
      'throttling.bps-total=1000000,throttling.iops-total=1000000,throttling.bps-total-max=8000000',
    '-device',
    'ide-hd,drive=ide0-hd0,bus=ide.0',
    ...['ide1-cd0', 'floppy0', 'sd0'].flatMap((id) => ['-drive', `if=none,id=${id}`]),
    '-device',
    'ide-cd,drive=ide1-cd0,bus=ide.1',
    '-device',
    'floppy,drive=floppy0',
  ],
);

/** The entries of the devices that the example shows, in its order. */
async function entries(t: CaseContext, command: string): Promise<[JsonObject, JsonObject][]> {
  const list = await queryList(t, command);
  const example = shownReturn(command) as JsonObject[];
  return example.map((shown) => {
    const got = list.find(({ device }) => device === shown.device);
    t.check(got !== undefined, `${command} must list ${String(shown.device)}`, 'it does not');
    return [got, shown];
  });
}

/** What the scene makes of the members of an image. */
const snapshotted: JsonObject = {
  format: 'qcow2',
  'virtual-size': SIZE,
  'backing-filename-format': 'qcow2',
  'backing-image': { format: 'qcow2', 'virtual-size': SIZE },
};

/** The one snapshot that an image has. */
function snapshotOf(t: CaseContext, inserted: JsonObject): void {
  const image = inserted.image as JsonObject;
  const [snapshot] = image.snapshots as JsonObject[];
  t.contains(
    snapshot!,
    { id: '1', name: 'snapshot1', 'vm-state-size': 0 },
    'the image must show the snapshot that was taken',
  );
}

export const exampleQueries: readonly CaseDefinition[] = [
  {
    id: 'examples/query-block',
    title:
      'A machine as in the example of query-block is shown as there: disk, CD drive, floppy drive and bare drive',
    requirements: ['examples/query-block'],
    needs: { commands: ['query-block', 'blockdev-snapshot-internal-sync'] },
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      await t.execute('blockdev-snapshot-internal-sync', { device: 'ide0-hd0', name: 'snapshot1' });
      const devices = await entries(t, 'query-block');
      for (const [got, example] of devices) {
        const { inserted } = example as { inserted?: JsonObject };
        const form = { ...example, ...(inserted && { inserted: withoutBursts(inserted) }) };
        formOf(t, `the entry of ${String(example.device)}`, got, form);
        const { inserted: _, qdev: __, ...rest } = example;
        t.contains(got, rest, `the entry of ${String(example.device)} must tell what the example tells`);
        if (!('inserted' in example))
          t.equal(
            Object.keys(got).toSorted(),
            Object.keys(example).toSorted(),
            'a device without medium must have the members that the example shows',
          );
      }
      const [{ inserted }, shown] = devices[0] as unknown as [
        { inserted: JsonObject },
        { inserted: JsonObject },
      ];
      const limits = Object.entries(withoutBursts(shown.inserted)).filter(([name]) =>
        /^(bps|iops)/.test(name),
      );
      t.contains(
        inserted,
        {
          ...Object.fromEntries(limits),
          ro: false,
          drv: 'qcow2',
          encrypted: false,
          file: `${t.dir}/test.qcow2`,
          backing_file_depth: 1,
          detect_zeroes: 'on',
          write_threshold: 0,
          image: { ...snapshotted, filename: `${t.dir}/test.qcow2` },
        },
        'the medium must be told as in the example',
      );
      snapshotOf(t, inserted);
    },
  },
  {
    id: 'examples/query-blockstats',
    title:
      'A machine as in the example of query-blockstats is counted as there: the disk, and its file as parent',
    requirements: ['examples/query-blockstats'],
    needs: { commands: ['query-blockstats'] },
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      await new IdeDrive(t).read(0);
      const devices = await entries(t, 'query-blockstats');
      for (const [got, example] of devices)
        formOf(t, `the entry of ${String(example.device)}`, got, withoutIdle(example));
      t.contains(
        devices[0]![0],
        { stats: { rd_operations: 1, rd_bytes: 512, wr_operations: 0 } },
        'the statistics of the disk must count what its guest did',
      );
      for (const [got, example] of devices.slice(1)) {
        const { account_invalid: _, account_failed: __, ...counters } = example.stats as JsonObject;
        t.contains(got, { stats: counters }, 'a device that nobody uses must have counted nothing');
      }
    },
  },
  {
    id: 'examples/query-named-block-nodes',
    title:
      'A node my-node as in the example of query-named-block-nodes is shown as there, with backing and snapshot',
    requirements: ['examples/query-named-block-nodes'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot-internal-sync'] }),
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      const base = await makeFileIn(folder, 'base.qcow2', buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
      const backing = { name: 'base.qcow2', format: 'qcow2' };
      const top = await makeFileIn(
        folder,
        'test.qcow2',
        buildQcow2({ size: SIZE, clusterSize: CLUSTER, backing }),
      );
      const file = { driver: 'file', filename: top.path };
      await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'my-node', file });
      await t.execute('blockdev-snapshot-internal-sync', { device: 'my-node', name: 'snapshot1' });
      const got = await nodeInfo(t, 'my-node');
      const [example] = shownReturn('query-named-block-nodes') as JsonObject[];
      // Limits belong to drives, bursts and sizes are told only where there are limits.
      const unlimited = Object.entries(example!).filter(
        ([name]) => !/^(bps|iops)_(max|.._max|size)$/.test(name),
      );
      formOf(t, 'the entry of my-node', got, Object.fromEntries(unlimited));
      t.contains(
        got,
        {
          ro: false,
          drv: 'qcow2',
          encrypted: false,
          file: top.path,
          backing_file_depth: 1,
          write_threshold: 0,
          image: {
            ...snapshotted,
            filename: top.path,
            'full-backing-filename': base.path,
          },
        },
        'the node must be told as in the example',
      );
      snapshotOf(t, got);
    },
  },
];

/** Limits of bursts, and how requests are counted, may be left out where they are not set. */
function withoutBursts(inserted: JsonObject): JsonObject {
  const told = ([name, value]: [string, unknown]): boolean => value !== 0 || !/_(max|size)$/.test(name);
  return Object.fromEntries(Object.entries(inserted).filter(told));
}

/** Time without a request is told only where there was one. */
function withoutIdle(example: JsonObject): JsonObject {
  const counted = (stats: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(stats).filter(([name]) => name !== 'idle_time_ns'));
  const parent = example.parent as JsonObject | undefined;
  return {
    ...example,
    stats: counted(example.stats as JsonObject),
    ...(parent && { parent: { ...parent, stats: counted(parent.stats as JsonObject) } }),
  };
}
