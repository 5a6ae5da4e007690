/** Errors in the first and in the last part of a disk that is no whole number of clusters: made good like any other. */
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent, release } from '../helpers/backing-chains.ts';
import { addFailing } from '../helpers/failing-files.ts';
import { reaches } from '../helpers/job-states.ts';
import { succeeded } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addRawOver, type CaseFile, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { readyToEnd } from './copy-commands.ts';

const CLUSTER = 64 * KiB;
const WHOLE = 20 * CLUSTER;
/** The last cluster is cut within a block of any file system. */
const SIZE = WHOLE + 1536;
const BYTE = 0x5a;

interface End {
  readonly command: 'blockdev-backup' | 'blockdev-mirror' | 'block-stream';
  readonly type: 'backup' | 'mirror' | 'stream';
  readonly operation: 'read' | 'write';
  readonly requirement: RequirementId;
}

const ENDS: readonly End[] = [
  { command: 'blockdev-backup', type: 'backup', operation: 'read', requirement: 'blockdev-backup/copies' },
  { command: 'blockdev-backup', type: 'backup', operation: 'write', requirement: 'blockdev-backup/copies' },
  { command: 'blockdev-mirror', type: 'mirror', operation: 'read', requirement: 'blockdev-mirror/copies' },
  { command: 'blockdev-mirror', type: 'mirror', operation: 'write', requirement: 'blockdev-mirror/copies' },
  { command: 'block-stream', type: 'stream', operation: 'read', requirement: 'block-stream/completes' },
];

/** Starts a job that will meet one error at a place, and gives the file that is to hold the copy, and the nodes above it. */
async function towardsError(
  t: CaseContext,
  { command, operation }: End,
  place: number,
  policy: 'stop' | 'ignore',
): Promise<{ id: string; file: CaseFile; nodes: string[] }> {
  const full = await makeFile(t, Buffer.alloc(SIZE, BYTE));
  const rule = { event: `${operation}_aio`, errno: 5, once: true, sector: place / 512 };
  const source = operation === 'read' ? await addFailing(t, full, rule) : await addRawOver(t, full);
  const id = t.name('job');
  if (command === 'block-stream') {
    const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
    const device = await addQcow2(t, file, { backing: source });
    await t.execute(command, { 'job-id': id, device, 'on-error': policy });
    return { id, file, nodes: [source, device] };
  }
  const file = await makeFile(t, SIZE);
  const target = operation === 'write' ? await addFailing(t, file, rule) : await addRawOver(t, file);
  const policies = { 'on-source-error': policy, 'on-target-error': policy };
  await t.execute(command, { 'job-id': id, device: source, target, sync: 'full', ...policies });
  return { id, file, nodes: [source, target] };
}

/** The cases of errors at the ends of disks. */
export const errorsAtTheEnds: readonly CaseDefinition[] = ENDS.map((end): CaseDefinition => {
  const { command, type, operation, requirement } = end;
  return {
    id: `${command}/${operation}-error-at-either-end`,
    title: `A ${operation} error in the first or last part of an odd disk is made good by ${command}, with stop and ignore`,
    requirements: [
      requirement,
      'BlockdevOnError/stop',
      'BLOCK_JOB_ERROR/emitted',
      'block-job-resume/resumes',
    ],
    needs: needs(chainNodes, {
      commands: [command, 'block-job-resume', 'block-job-cancel', 'query-block-jobs'],
      nodes: ['failing'],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_ERROR', ...(type === 'mirror' ? ['BLOCK_JOB_READY'] : [])],
    }),
    async run(t: CaseContext) {
      for (const place of [0, WHOLE])
        for (const policy of ['stop', 'ignore'] as const) {
          // What a stream cannot read and ignores is lost.
          if (type === 'stream' && policy === 'ignore') continue;
          const { id, file, nodes } = await towardsError(t, end, place, policy);
          await t.event('BLOCK_JOB_ERROR', { device: id, operation, action: policy });
          if (policy === 'stop') {
            await reaches(t, id, 'paused');
            await t.execute('block-job-resume', { device: id });
          }
          if (type !== 'stream') await readyToEnd(t, type, id);
          const { len, offset } = await succeeded(t, id, type);
          t.equal(offset, len, 'the offset of a job that made good an error must be its len in the end');
          await release(t, nodes);
          await checkContent(t, file, Buffer.alloc(SIZE, BYTE), 'the copy');
        }
    },
  };
});
