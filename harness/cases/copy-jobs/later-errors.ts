/** Policies for errors hold for every error: also for those that come after a pause, another speed, or an earlier stop. */
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent } from '../helpers/backing-chains.ts';
import { addFailing, failingName } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { jobInfo, succeeded } from '../helpers/job-steps.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addRaw,
  type CaseFile,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeInfo,
} from '../helpers/shared-setup.ts';
import { COPY_COMMANDS, type CopyCommand, eventsOf, finished, typeOf } from './copy-commands.ts';
import { interrupt, interruptions, SLOW } from './interruptions.ts';

const SIZE = 4 * MiB;
const BYTE = 0x5a;
/** Slow enough that one error is told before the job gets to the place of the next, bytes a second. */
const STEADY = 4 * MiB;

/** Where a request fails once, by what error, and what the job shows then. */
interface Failure {
  readonly offset: number;
  readonly errno: number;
  readonly status: 'failed' | 'nospace';
}

const ERRORS: readonly Failure[] = [
  { offset: 1.5 * MiB, errno: 5, status: 'failed' },
  { offset: 3.5 * MiB, errno: 28, status: 'nospace' },
];

/** Of these a job meets one after the other. A backup may have several requests in flight, which would meet two at once. */
const errorsOf = (command: CopyCommand): readonly Failure[] =>
  typeOf(command) === 'backup' ? ERRORS.slice(1) : ERRORS;

const rules = (event: 'read_aio' | 'write_aio', errors: readonly Failure[] = ERRORS): JsonObject[] =>
  errors.map(({ offset, errno }) => ({ event, errno, once: true, sector: offset / 512 }));

const verbs = needs(interruptions, { nodes: ['failing'], events: ['BLOCK_JOB_ERROR'] });

/** Waits until the job has stopped for an error, and has it go on. */
async function stopsFor(
  t: CaseContext,
  id: string,
  { status }: Failure,
  operation: 'read' | 'write',
  more: JsonObject = {},
): Promise<void> {
  const { data = null } = await t.event('BLOCK_JOB_ERROR', { device: id });
  t.contains(data, { operation, action: 'stop' }, 'each error must be told, with what is done about it');
  const stopped = { paused: true, 'io-status': status, ...more };
  t.contains(await jobInfo(t, id), stopped, 'the job must have stopped, and show this error');
  await t.execute('block-job-resume', { device: id });
}

/** A target that fails: a node of its own, or a name by which it is opened. */
async function failingTarget(
  t: CaseContext,
  command: CopyCommand,
): Promise<{ args: JsonObject; file: CaseFile }> {
  const file = await makeFile(t, SIZE);
  const failures = rules('write_aio', errorsOf(command));
  if (command.startsWith('blockdev'))
    return { args: { target: await addFailing(t, file, ...failures) }, file };
  return { args: { target: failingName(file, ...failures), mode: 'existing', format: 'raw' }, file };
}

const stops: readonly RequirementId[] = [
  'BlockdevOnError/stop',
  'BLOCK_JOB_ERROR/action',
  'query-block-jobs/io-status',
  'block-job-resume/resumes',
];

/** The cases of errors after something else. */
export const laterErrors: readonly CaseDefinition[] = [
  ...COPY_COMMANDS.map(
    (command): CaseDefinition => ({
      id: `${command}/later-errors`,
      title: `on-target-error stop of ${command} holds for each error, after a pause, another speed and a stop`,
      requirements: [...stops, `${command}/on-target-error-any`],
      needs: needs(fileNodes, verbs, { commands: [command], events: eventsOf(command) }),
      async run(t: CaseContext) {
        const { name: device } = await addRaw(t, Buffer.alloc(SIZE, BYTE));
        const { args, file } = await failingTarget(t, command);
        const id = t.name('job');
        const small = typeOf(command) === 'mirror' ? { granularity: 64 * KiB, 'buf-size': 64 * KiB } : {};
        const job = { 'job-id': id, device, sync: 'full', speed: SLOW, ...small };
        await t.execute(command, { ...job, ...args, 'on-target-error': 'stop' });
        await interrupt(t, id, STEADY);
        for (const error of errorsOf(command)) await stopsFor(t, id, error, 'write');
        await finished(t, typeOf(command), id);
        await checkContent(t, file, Buffer.alloc(SIZE, BYTE), 'the target');
      },
    }),
  ),
  {
    id: 'block-stream/later-errors',
    title: 'on-error stop of a stream holds for each error, after a pause, another speed and a stop',
    requirements: [...stops],
    needs: needs(chainNodes, verbs, { commands: ['block-stream'] }),
    async run(t: CaseContext) {
      const base = await makeFile(t, Buffer.alloc(SIZE, BYTE));
      const backing = await addFailing(t, base, ...rules('read_aio'));
      const below = { name: base.path, format: 'raw' };
      const device = await addQcow2(
        t,
        await makeFile(t, buildQcow2({ size: SIZE, clusterSize: 64 * KiB, backing: below })),
        { backing },
      );
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, device, speed: SLOW, 'on-error': 'stop' });
      await interrupt(t, id, STEADY);
      for (const error of ERRORS) await stopsFor(t, id, error, 'read');
      await succeeded(t, id, 'stream');
      t.contains(await nodeInfo(t, device), { backing_file_depth: 0 }, 'the image must be on its own');
    },
  },
  {
    id: 'blockdev-mirror/errors-when-ready',
    title:
      'on-target-error stop of a mirror that is ready holds for each write of a guest that does not reach the target',
    requirements: [...stops, 'blockdev-mirror/on-target-error-any', 'blockdev-mirror/mirrors-writes'],
    needs: needs(fileNodes, nodeBytes, verbs, { commands: ['blockdev-mirror'], events: ['BLOCK_JOB_READY'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, SIZE);
      const file = await makeFile(t, SIZE);
      const target = await addFailing(t, file, ...rules('write_aio'));
      const guest = await openIo(t, device);
      const id = t.name('job');
      const args = { 'job-id': id, device, target, sync: 'none', 'on-target-error': 'stop' };
      await t.execute('blockdev-mirror', args);
      await t.event('BLOCK_JOB_READY', { device: id });
      for (const error of ERRORS) {
        await guest.perform({ kind: 'write', offset: error.offset, length: 64 * KiB, byte: BYTE });
        await stopsFor(t, id, error, 'write', { ready: true });
      }
      await guest.close();
      await t.execute('block-job-cancel', { device: id });
      await succeeded(t, id, 'mirror');
      const bytes = await bytesOf(t, file.local);
      for (const { offset } of ERRORS)
        t.equal(bytes[offset]!, BYTE, 'what could not be written at first must be on the target at the end');
    },
  },
];
