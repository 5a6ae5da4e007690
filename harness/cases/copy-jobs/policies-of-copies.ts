/** Policies for errors of copy jobs: which a job takes, what is the default, and that a guest's own requests are no matter of theirs. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addFailing, failingName } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { CRAWL, cancelled, checkNoJob, jobInfo, pendingJobEvents } from '../helpers/job-steps.ts';
import { nodeBytes, nodeIo, openIo } from '../helpers/node-io.ts';
import { addRaw, type CaseFile, fileNodes, makeFile, needs, newFile } from '../helpers/shared-setup.ts';
import { COPY_COMMANDS, type CopyCommand, copy, eventsOf, finished, typeOf } from './copy-commands.ts';
import { COPIED, SIZE } from './guest-source.ts';

const BYTE = 0x5a;
const EIO = 5;
/** Rule by which one write fails. */
const WRITE_FAILS = { event: 'write_aio', errno: EIO, once: true };

const BACKUPS = ['blockdev-backup', 'drive-backup'] as const;

const copies = (command: CopyCommand, more: Needs = {}): Needs =>
  needs(fileNodes, {
    ...more,
    commands: [command, 'block-job-cancel', 'query-block-jobs'],
    events: [...eventsOf(command), 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_ERROR'],
  });

/** What a source holds. */
const content = (): Buffer => Buffer.alloc(SIZE, BYTE);

/** What names a target of that command: a node of its own, or a file. */
async function targetOf(t: CaseContext, command: CopyCommand): Promise<{ args: JsonObject; file: CaseFile }> {
  if (command.startsWith('blockdev')) {
    const { name: target, file } = await addRaw(t, SIZE);
    return { args: { target }, file };
  }
  const file = newFile(t);
  return { args: { target: file.path, format: 'raw' }, file };
}

/** The cases of policies. */
export const policiesOfCopies: readonly CaseDefinition[] = [
  ...COPY_COMMANDS.map(
    (command): CaseDefinition => ({
      id: `${command}/policies-taken`,
      title: `Every on-target-error is taken by ${command}; on-source-error stop is, or is not, without io-status`,
      requirements: [`${command}/on-target-error-any`, `${command}/on-source-error-needs-io-status`],
      needs: copies(command),
      async run(t: CaseContext) {
        const { name: device } = await addRaw(t, content());
        for (const policy of ['report', 'ignore', 'enospc', 'stop', 'auto']) {
          const { args, file } = await targetOf(t, command);
          await copy(t, command, { device, 'on-target-error': policy, ...args });
          t.check(
            (await bytesOf(t, file.local)).equals(content()),
            'the target must be a copy of the source',
            'it is not',
          );
        }
        for (const policy of ['enospc', 'stop']) {
          const { args } = await targetOf(t, command);
          const id = t.name('job');
          const options = { 'job-id': id, device, sync: 'full', 'on-source-error': policy, ...args };
          const { error } = await t.request({ execute: command, arguments: options });
          if (error === undefined) {
            t.info(`${command}/on-source-error-needs-io-status: ${policy} is taken`);
            await finished(t, typeOf(command), id);
          } else await checkNoJob(t, id);
        }
      },
    }),
  ),
  ...(['drive-backup', 'drive-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/target-error-default`,
      title: `A write error on the target of ${command} without a policy of its own is reported and ends the job`,
      requirements: [`${command}/on-target-error-default`],
      needs: copies(command, { drivers: ['blkdebug'] }),
      async run(t: CaseContext) {
        const { name: device } = await addRaw(t, content());
        for (const ofOther of [{}, { 'on-source-error': 'ignore' }]) {
          const id = t.name('job');
          await t.execute(command, {
            'job-id': id,
            device,
            sync: 'full',
            ...ofOther,
            mode: 'existing',
            format: 'raw',
            target: failingName(await makeFile(t, SIZE), WRITE_FAILS),
          });
          const { data } = await t.event('BLOCK_JOB_ERROR', { device: id });
          t.contains(
            data ?? null,
            { operation: 'write', action: 'report' },
            'BLOCK_JOB_ERROR must tell what failed, and that it is reported',
          );
          const { data: end } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
          t.check(
            typeof (end as JsonObject).error === 'string',
            'a job must end with an error that is reported',
            'it has none',
          );
          await checkNoJob(t, id);
        }
      },
    }),
  ),
  ...BACKUPS.map(
    (command): CaseDefinition => ({
      id: `${command}/guest-write-that-fails`,
      title: `A guest's write whose old data ${command} cannot read fails by itself; the job has no error and goes on`,
      requirements: [`${command}/guest-errors-apart`],
      needs: copies(command, needs(nodeBytes, { drivers: ['blkdebug'] })),
      async run(t: CaseContext) {
        const rule = { event: 'read_aio', errno: EIO, once: true, sector: (SIZE - COPIED) / 512 };
        const device = await addFailing(t, await makeFile(t, content()), rule);
        const { args, file } = await targetOf(t, command);
        const id = t.name('job');
        const guest = await openIo(t, device);
        const policies = { 'on-source-error': 'report', 'on-target-error': 'report' };
        await t.execute(command, { 'job-id': id, device, sync: 'full', speed: CRAWL, ...policies, ...args });
        const request = { kind: 'write', offset: SIZE - COPIED, length: COPIED, byte: 1 } as const;
        t.check(
          (await guest.attempt(request)) !== 'done',
          'a write whose old data cannot be saved must fail',
          'it succeeds',
        );
        await jobInfo(t, id);
        t.equal(pendingJobEvents(t, id), [], 'the job must have no error');
        t.equal(await guest.attempt(request), 'done', 'the same write must succeed when the data are saved');
        await cancelled(t, id);
        await guest.close();
        t.equal(
          (await bytesOf(t, file.local))[SIZE - COPIED] ?? null,
          BYTE,
          'the target must have what the second write has overwritten',
        );
      },
    }),
  ),
  ...BACKUPS.map(
    (command): CaseDefinition => ({
      id: `${command}/stopped-on-its-way`,
      title: `A running ${command} is listed as backup, and after block-job-cancel nothing reaches its target`,
      requirements: [`${command}/listed`, `${command}/cancelled`],
      needs: copies(command, nodeIo),
      async run(t: CaseContext) {
        const { name: device } = await addRaw(t, content());
        const { args, file } = await targetOf(t, command);
        const guest = await openIo(t, device);
        const id = t.name('job');
        await t.execute(command, { 'job-id': id, device, sync: 'full', speed: CRAWL, ...args });
        t.contains(await jobInfo(t, id), { type: 'backup', len: SIZE }, 'the job must be listed as a backup');
        const [saved, late] = [SIZE - COPIED, SIZE - 3 * COPIED];
        await guest.perform({ kind: 'write', offset: saved, length: COPIED, byte: 1 });
        await cancelled(t, id);
        await checkNoJob(t, id);
        await guest.perform({ kind: 'write', offset: late, length: COPIED, byte: 2 });
        await guest.close();
        const bytes = await bytesOf(t, file.local);
        t.equal(
          [bytes[saved] ?? null, bytes[late] ?? null],
          [BYTE, 0],
          'the target must have what was overwritten while the job was there, and nothing later',
        );
      },
    }),
  ),
];
