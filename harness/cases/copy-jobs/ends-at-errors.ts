/** Jobs that report an error: they end with it, and do nothing behind it. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addQcow2, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { bytesAt } from '../helpers/image-files.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRawOver, type CaseFile, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** More than any job copies at once. */
const SIZE = 4 * MiB;
/** Bytes a second: whoever goes on gets far, but not in one go. */
const SPEED = 1 * MiB;
const END = 64 * KiB;
/** Of a mirror, which else copies many parts at once. */
const ONE_AT_A_TIME: JsonObject = { granularity: 64 * KiB, 'buf-size': 64 * KiB };

const error = (event: string): JsonObject => ({ event, errno: 5, sector: 0 });

/** A job whose first request fails, and where what it makes of the end of the disk would be seen. */
interface Scene {
  readonly args: JsonObject;
  readonly nodes: readonly string[];
  readonly written: CaseFile;
  readonly offset: number;
  readonly before: number;
}

async function copyScene(t: CaseContext, side: 'source' | 'target', options: JsonObject): Promise<Scene> {
  const source = await makeFile(t, Buffer.alloc(SIZE, 0x11));
  const target = await makeFile(t, Buffer.alloc(SIZE, 0x55));
  const device =
    side === 'source' ? await addFailing(t, source, error('read_aio')) : await addRawOver(t, source);
  const to =
    side === 'target' ? await addFailing(t, target, error('write_aio')) : await addRawOver(t, target);
  const args = { device, target: to, sync: 'full', speed: SPEED, ...options };
  return { args, nodes: [device, to], written: target, offset: SIZE - END, before: 0x55 };
}

async function streamScene(t: CaseContext): Promise<Scene> {
  const base = await makeFile(t, Buffer.alloc(SIZE, 0x11));
  const below = await addFailing(t, base, error('read_aio'));
  const backing = { name: base.path, format: 'raw' };
  const image = buildQcow2({ size: SIZE, clusterSize: CLUSTER, backing });
  const overlay = await makeFile(t, image);
  const device = await addQcow2(t, overlay, { backing: below });
  // What is streamed is put behind what the image has.
  return {
    args: { device, speed: SPEED },
    nodes: [below, device],
    written: overlay,
    offset: image.length,
    before: 0,
  };
}

function endsAtError(
  command: 'blockdev-backup' | 'blockdev-mirror' | 'block-stream',
  what: string,
  scene: (t: CaseContext) => Promise<Scene>,
): CaseDefinition {
  const ends: Needs = { commands: [command], drivers: ['blkdebug'], events: ['BLOCK_JOB_COMPLETED'] };
  return {
    id: `${command}/ends-at-${what.replaceAll(' ', '-')}`,
    title: `A job of ${command} ends with the ${what} that it reports, and copies nothing behind that`,
    requirements: ['BlockdevOnError/report'],
    needs: needs(chainNodes, ends),
    async run(t: CaseContext) {
      const { args, nodes, written, offset, before } = await scene(t);
      const id = t.name('job');
      await t.execute(command, { 'job-id': id, ...args });
      const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
      t.check(
        typeof (data as JsonObject).error === 'string',
        'the job must end with an error',
        'it has none',
      );
      await release(t, nodes);
      const end = await bytesAt(t, written.local, offset, END);
      t.check(
        end.every((byte) => byte === before),
        'what is far behind the error must not be copied',
        'it is',
      );
    },
  };
}

/** For each command that copies, and each side that may fail. */
export const endsAtErrors: readonly CaseDefinition[] = [
  ...(['blockdev-backup', 'blockdev-mirror'] as const).flatMap((command) =>
    (['source', 'target'] as const).map((side) =>
      endsAtError(command, `error of the ${side}`, (t) =>
        copyScene(t, side, command === 'blockdev-mirror' ? ONE_AT_A_TIME : {}),
      ),
    ),
  ),
  endsAtError('block-stream', 'error', streamScene),
];
