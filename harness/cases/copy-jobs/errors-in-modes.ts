/** What copies do about errors where they copy less than all, or compress it: what they do elsewhere. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, guestContent, release } from '../helpers/backing-chains.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { failingFile } from '../helpers/failing-files.ts';
import { checkNoJob, succeeded } from '../helpers/job-steps.ts';
import { nodeIo, openIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, type CaseFile, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { COPY_COMMANDS, type CopyCommand, eventsOf, readyToEnd, typeOf } from './copy-commands.ts';

const CLUSTER = 64 * KiB;
const SIZE = 8 * CLUSTER;
/** Where the source has what every mode copies. */
const PLACE = 5 * CLUSTER;
const BYTE = 0x5a;

type Side = 'source' | 'target';

/** What is copied, and how. */
interface Mode {
  readonly id: string;
  readonly commands: readonly CopyCommand[];
  readonly args: JsonObject;
}

const MODES: readonly Mode[] = [
  { id: 'top', commands: COPY_COMMANDS, args: { sync: 'top' } },
  { id: 'none', commands: ['blockdev-mirror', 'drive-mirror'], args: { sync: 'none' } },
  { id: 'incremental', commands: ['drive-backup'], args: { sync: 'incremental' } },
  {
    id: 'compressed',
    commands: ['blockdev-backup', 'drive-backup'],
    args: { sync: 'full', compress: true },
  },
];

/** Rule by which one request fails. */
const fails = (event: string): JsonObject => ({ event, errno: 5, once: true });

/** An overlay that has one cluster of its own; the first that is read of its data fails, if that is asked for. */
async function addSource(t: CaseContext, isFailing: boolean): Promise<string> {
  const { name: backing } = await addRaw(t, SIZE);
  const clusters = new Map([[PLACE / CLUSTER, BYTE]]);
  const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters }));
  return addQcow2(t, file, { backing, ...(isFailing && { file: failingFile(file, fails('read_aio')) }) });
}

/** An image without data, of which one request fails if that is asked for: as a node, or as what is to be opened. */
async function targetOf(
  t: CaseContext,
  command: CopyCommand,
  event: string | null,
): Promise<{ args: JsonObject; file: CaseFile }> {
  const isOurs = command.startsWith('blockdev');
  const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
  const plain = { driver: 'file', filename: file.path };
  const below = event === null ? plain : failingFile(file, fails(event));
  if (isOurs) return { args: { target: await addQcow2(t, file, { file: below }) }, file };
  const target = `json:${JSON.stringify({ driver: 'qcow2', file: below })}`;
  return { args: { target, mode: 'existing', format: 'qcow2' }, file };
}

/** Starts the copy, and has it come by what fails. */
async function meetError(
  t: CaseContext,
  command: CopyCommand,
  { args }: Mode,
  side: Side,
  policy: JsonObject,
): Promise<{ id: string; nodes: readonly string[]; file: CaseFile }> {
  const [device, id] = [await addSource(t, side === 'source'), t.name('job')];
  const event = args.compress === true ? 'write_compressed' : 'write_aio';
  const { args: target, file } = await targetOf(t, command, side === 'target' ? event : null);
  const job: JsonObject = { 'job-id': id, device, ...args, ...target, ...policy };
  if (args.sync === 'incremental') {
    job.bitmap = t.name('bitmap');
    await addBitmap(t, device, String(job.bitmap));
    await writeNode(t, device, PLACE, CLUSTER, BYTE);
  }
  if (args.sync !== 'none') await t.execute(command, job);
  else {
    const guest = await openIo(t, device);
    await t.execute(command, job);
    await t.event('BLOCK_JOB_READY', { device: id });
    await guest.perform({ kind: 'write', offset: PLACE, length: CLUSTER, byte: BYTE });
    await guest.close();
  }
  return { id, nodes: command.startsWith('blockdev') ? [String(target.target)] : [], file };
}

function modeCase(command: CopyCommand, mode: Mode, side: Side): CaseDefinition {
  const operation = side === 'source' ? 'read' : 'write';
  const isReady = mode.args.sync === 'none';
  // Of QEMU a compressed cluster cannot be written over, and one that failed is taken.
  const isLost = mode.args.compress === true && side === 'target';
  const byDefault = `${command}/on-${side}-error-default` as RequirementId;
  return {
    id: `${command}/${mode.id}-${side}-error`,
    title: `An error at the ${side} of ${command} (${mode.id}) ends it by default${isLost ? '' : ', and with ignore is made good'}`,
    requirements: [
      byDefault,
      'BLOCK_JOB_ERROR/emitted',
      ...(isLost ? [] : (['BlockdevOnError/ignore'] as const)),
    ],
    needs: needs(chainNodes, nodeIo, {
      commands: [command, 'block-job-cancel', 'query-block-jobs', 'block-dirty-bitmap-add'],
      drivers: ['blkdebug'],
      events: [...eventsOf(command), 'BLOCK_JOB_ERROR'],
    }),
    async run(t: CaseContext) {
      const failed = await meetError(t, command, mode, side, {});
      const { data: first = null } = await t.event('BLOCK_JOB_ERROR', { device: failed.id });
      t.contains(
        first,
        { operation, action: 'report' },
        'an error must be reported where no policy was asked for',
      );
      const { data: end } = await t.event('BLOCK_JOB_COMPLETED', { device: failed.id });
      t.check(
        typeof (end as JsonObject).error === 'string',
        'a job must end with an error that is reported',
        'it has none',
      );
      await checkNoJob(t, failed.id);
      if (isLost) return;
      const { id, nodes, file } = await meetError(t, command, mode, side, { [`on-${side}-error`]: 'ignore' });
      const { data: second = null } = await t.event('BLOCK_JOB_ERROR', { device: id });
      t.contains(second, { operation, action: 'ignore' }, 'an error must be told that is ignored');
      if (isReady) await t.execute('block-job-cancel', { device: id });
      else await readyToEnd(t, typeOf(command), id);
      await succeeded(t, id, typeOf(command));
      await release(t, nodes);
      t.equal(
        (await guestContent(t, file.local))[PLACE] ?? null,
        BYTE,
        'the target must have what could not be copied at first',
      );
    },
  };
}

/** The cases of errors in other modes than the plain copy of all. */
export const errorsInModes: readonly CaseDefinition[] = MODES.flatMap((mode) =>
  mode.commands.flatMap((command) =>
    (['source', 'target'] as const).map((side) => modeCase(command, mode, side)),
  ),
);
