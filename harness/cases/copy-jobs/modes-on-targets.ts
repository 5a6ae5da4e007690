/** What copies of less than all leave on their target: zeroes where that held something, and compressed clusters. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, readImage, release } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { cancelled, succeeded } from '../helpers/job-steps.ts';
import { type NodeIo, nodeIo, openIo } from '../helpers/node-io.ts';
import { buildQcow2, isCompressed, placeOf } from '../helpers/qcow2-image.ts';
import { addRawOver, type CaseFile, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { readyToEnd, typeOf } from './copy-commands.ts';

const CLUSTER = 64 * KiB;
const COUNT = 6;
const SIZE = COUNT * CLUSTER;
const LEFT = 0x55;

interface ModeOnTarget {
  readonly command: 'blockdev-backup' | 'drive-backup' | 'blockdev-mirror' | 'drive-mirror';
  readonly sync: 'top' | 'none' | 'incremental';
  readonly requirement: RequirementId;
  /** First bytes of the clusters of a target that was full of `LEFT`. */
  readonly expected: readonly number[];
}

const TOP = [0x31, 0, 0, LEFT, LEFT, LEFT];
const MODES: readonly ModeOnTarget[] = [
  { command: 'blockdev-backup', sync: 'top', requirement: 'blockdev-backup/sync-top', expected: TOP },
  { command: 'drive-backup', sync: 'top', requirement: 'drive-backup/sync', expected: TOP },
  { command: 'blockdev-mirror', sync: 'top', requirement: 'blockdev-mirror/sync-top', expected: TOP },
  { command: 'drive-mirror', sync: 'top', requirement: 'drive-mirror/sync', expected: TOP },
  {
    command: 'blockdev-backup',
    sync: 'none',
    requirement: 'blockdev-backup/sync-none',
    expected: [LEFT, 0, 0, LEFT, 0x22, LEFT],
  },
  {
    command: 'blockdev-mirror',
    sync: 'none',
    requirement: 'blockdev-mirror/sync-none',
    expected: [LEFT, 0x77, 0x77, LEFT, 0, LEFT],
  },
  {
    command: 'drive-backup',
    sync: 'incremental',
    requirement: 'drive-backup/sync-incremental',
    expected: [LEFT, 0x77, 0x77, LEFT, 0, LEFT],
  },
];

/** Of the overlay the first cluster holds data and the next two zeroes, of which one has its place; below are data. */
async function addSource(t: CaseContext): Promise<string> {
  const layer = { size: SIZE, clusterSize: CLUSTER };
  const backing = await addQcow2(
    t,
    await makeFile(t, buildQcow2({ ...layer, clusters: new Map([[4, 0x22]]) })),
  );
  const clusters = new Map([
    [0, 0x31],
    [1, 0],
  ]);
  const top = buildQcow2({ ...layer, clusters, entries: new Map([[2, 1n]]) });
  return addQcow2(t, await makeFile(t, top), { backing });
}

/** A guest overwrites zeroes with data, and data with zeroes. */
async function guestWrites(guest: NodeIo): Promise<void> {
  await guest.perform({ kind: 'write', offset: CLUSTER, length: 2 * CLUSTER, byte: 0x77 });
  await guest.perform({ kind: 'write', offset: 4 * CLUSTER, length: CLUSTER, byte: 0 });
}

/** Runs the job to its end, with the writes that it is about. */
async function run(
  t: CaseContext,
  { command, sync }: Pick<ModeOnTarget, 'command' | 'sync'>,
  args: JsonObject,
): Promise<void> {
  const [device, id, type] = [await addSource(t), t.name('job'), typeOf(command)];
  const job: JsonObject = { 'job-id': id, device, sync, ...args };
  const guest = await openIo(t, device);
  if (sync === 'incremental') {
    job.bitmap = t.name('bitmap');
    await addBitmap(t, device, String(job.bitmap));
    await guestWrites(guest);
  }
  await t.execute(command, job);
  const isWaiting = type === 'mirror' && sync === 'none';
  if (isWaiting) await t.event('BLOCK_JOB_READY', { device: id });
  if (sync === 'none') await guestWrites(guest);
  if (isWaiting) await t.execute('block-job-cancel', { device: id });
  else if (sync === 'none') {
    await cancelled(t, id);
    await guest.close();
    return;
  } else await readyToEnd(t, type, id);
  await succeeded(t, id, type);
  await guest.close();
}

const jobs = (command: string) =>
  needs(chainNodes, nodeIo, {
    commands: [command, 'block-job-cancel', 'query-block-jobs', 'block-dirty-bitmap-add'],
    events: [
      'BLOCK_JOB_COMPLETED',
      'BLOCK_JOB_CANCELLED',
      ...(command.endsWith('mirror') ? ['BLOCK_JOB_READY'] : []),
    ],
  });

/** The target as a command names it. */
async function targetOf(
  t: CaseContext,
  command: string,
  file: CaseFile,
  format: 'raw' | 'qcow2',
): Promise<{ args: JsonObject; nodes: string[] }> {
  if (!command.startsWith('blockdev'))
    return { args: { target: file.path, format, mode: 'existing' }, nodes: [] };
  const target = await (format === 'raw' ? addRawOver : addQcow2)(t, file);
  return { args: { target }, nodes: [target] };
}

/** The cases of modes. */
export const modesOnTargets: readonly CaseDefinition[] = [
  ...MODES.map(
    (mode): CaseDefinition => ({
      id: `${mode.command}/${mode.sync}-over-leftovers`,
      title: `${mode.command} with sync ${mode.sync} makes zeroes of what the target held where it copies zeroes, and nowhere else`,
      requirements: [mode.requirement],
      needs: jobs(mode.command),
      async run(t: CaseContext) {
        const file = await makeFile(t, Buffer.alloc(SIZE, LEFT));
        const { args, nodes } = await targetOf(t, mode.command, file, 'raw');
        await run(t, mode, args);
        await release(t, nodes);
        const bytes = await bytesOf(t, file.local);
        t.equal(
          mode.expected.map((_, index) => bytes[index * CLUSTER + 512]!),
          [...mode.expected],
          'the clusters of the target must be what was copied, or what was there',
        );
      },
    }),
  ),
  ...(
    [
      ['blockdev-backup', 'top', 'blockdev-backup/compress', [0]],
      ['drive-backup', 'top', 'drive-backup/compress', [0]],
      ['drive-backup', 'incremental', 'drive-backup/compress', [1, 2]],
    ] as const
  ).map(
    ([command, sync, requirement, expected]): CaseDefinition => ({
      id: `${command}/${sync}-compressed`,
      title: `${command} with sync ${sync} and compress stores what it copies compressed, and nothing else`,
      requirements: [requirement],
      needs: jobs(command),
      async run(t: CaseContext) {
        const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
        const { args, nodes } = await targetOf(t, command, file, 'qcow2');
        await run(t, { command, sync }, { ...args, compress: true });
        await release(t, nodes);
        const bytes = await bytesOf(t, file.local);
        const image = await readImage(t, file);
        const all = Array.from({ length: COUNT }, (_, index) => index);
        // An endpoint may store zeroes, or not.
        const data = all.filter((index) => {
          const cluster = image.cluster(index);
          return cluster instanceof Buffer && cluster.some((byte) => byte !== 0);
        });
        t.equal(
          [data, data.filter((index) => isCompressed(bytes, index))],
          [[...expected], [...expected]],
          'the clusters with data, and the compressed ones, must be those that were copied',
        );
      },
    }),
  ),
  {
    id: 'drive-mirror/top-unmaps',
    title:
      'With sync top as well, unmap says whether a cluster that the source has as zeroes loses its place in the target',
    requirements: ['drive-mirror/unmap', 'drive-mirror/unmap-default', 'drive-mirror/unmap-false'],
    needs: jobs('drive-mirror'),
    async run(t: CaseContext) {
      for (const unmap of [undefined, true, false]) {
        const clusters = new Map(Array.from({ length: COUNT }, (_, index) => [index, LEFT]));
        const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters }));
        const { args } = await targetOf(t, 'drive-mirror', file, 'qcow2');
        const asked = unmap === undefined ? {} : { unmap };
        await run(t, { command: 'drive-mirror', sync: 'top' }, { ...args, ...asked });
        const bytes = await bytesOf(t, file.local);
        t.equal(
          [2, 3].map((index) => placeOf(bytes, index) !== null),
          [unmap === false, true],
          `with unmap ${unmap ?? 'left out'} the cluster with zeroes, and one that is not copied, must have a place or not`,
        );
      }
    },
  },
];
