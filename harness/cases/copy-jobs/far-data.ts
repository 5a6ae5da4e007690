/** What lies beyond 4 GiB: jobs copy it to where it is, and tell positions that 32 bits do not hold. */
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addQcow2, chainNodes } from '../helpers/backing-chains.ts';
import { bytesAt } from '../helpers/image-files.ts';
import { jobInfo, succeeded } from '../helpers/job-steps.ts';
import { nodeBytes, openIo, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, type NewQcow2 } from '../helpers/qcow2-image.ts';
import { addRaw, type CaseFile, fileNodes, KiB, MiB, makeFile, needs } from '../helpers/shared-setup.ts';

const FAR = 4096 * MiB;
const SIZE = FAR + MiB;
/** So large that one table maps the whole disk. */
const CLUSTER = 256 * KiB;
/** Within the last MiB; no place below 4 GiB that it could be taken for holds anything. */
const PLACE = FAR + 2 * CLUSTER;
const ZEROED = PLACE + CLUSTER;

const empty = (backing?: NewQcow2['backing']): Buffer =>
  buildQcow2({ size: SIZE, clusterSize: CLUSTER, ...(backing && { backing }) });

const jobs = (...commands: string[]): Needs => ({
  commands: ['query-block-jobs', 'block-job-cancel', 'block-job-complete', ...commands],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_READY'],
});

/** The first bytes of the far place and of what it would be in 32 bits, of a raw file. */
async function ends(t: CaseContext, { local }: CaseFile): Promise<number[]> {
  return [(await bytesAt(t, local, PLACE % FAR, 1))[0]!, (await bytesAt(t, local, PLACE, 1))[0]!];
}

/** The cases of large disks. */
export const farData: readonly CaseDefinition[] = [
  {
    id: 'blockdev-mirror/far-data',
    title: 'What a guest writes and zeroes beyond 4 GiB is mirrored to where it is',
    requirements: ['blockdev-mirror/mirrors-writes'],
    needs: needs(fileNodes, nodeBytes, jobs('blockdev-mirror')),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, SIZE);
      const { name: target, file } = await addRaw(t, SIZE);
      await writeNode(t, target, ZEROED, CLUSTER, 0x53);
      const guest = await openIo(t, device);
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'none' });
      await t.event('BLOCK_JOB_READY', { device: id });
      await guest.perform({ kind: 'write', offset: PLACE, length: CLUSTER, byte: 0x51 });
      await guest.perform({ kind: 'write-zeroes', offset: ZEROED, length: CLUSTER });
      await t.execute('block-job-cancel', { device: id });
      await succeeded(t, id, 'mirror');
      await guest.close();
      t.equal(await ends(t, file), [0, 0x51], 'the target must have it where it was written, and only there');
      t.equal((await bytesAt(t, file.local, ZEROED, 1))[0]!, 0, 'what was zeroed must be zero on the target');
    },
  },
  {
    id: 'blockdev-backup/far-data',
    title:
      'A backup saves what is overwritten beyond 4 GiB to where it is; its len is more than 32 bits hold',
    requirements: [
      'blockdev-backup/point-in-time',
      'query-block-jobs/progress',
      'BLOCK_JOB_CANCELLED/progress',
    ],
    needs: needs(fileNodes, nodeBytes, jobs('blockdev-backup')),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, SIZE);
      const { name: target, file } = await addRaw(t, SIZE);
      const guest = await openIo(t, device);
      await guest.perform({ kind: 'write', offset: PLACE, length: CLUSTER, byte: 0x51 });
      const id = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': id, device, target, sync: 'none' });
      await guest.perform({ kind: 'write', offset: PLACE, length: CLUSTER, byte: 0x52 });
      const { type = null, len: shown = null } = await jobInfo(t, id);
      t.equal(type, 'backup', 'the job must be a backup');
      await t.execute('block-job-cancel', { device: id });
      const { data = null } = await t.event('BLOCK_JOB_CANCELLED', { device: id });
      t.contains(data, { len: shown }, 'the event must have the len that the query has');
      await guest.close();
      t.equal(await ends(t, file), [0, 0x51], 'the target must have what was overwritten, where it was');
    },
  },
  {
    id: 'block-commit/far-data',
    title: 'A commit of the active image brings what lies beyond 4 GiB into the base, to where it is',
    requirements: ['block-commit/commits'],
    needs: needs(chainNodes, nodeBytes, jobs('block-commit')),
    async run(t: CaseContext) {
      const { name: base, file } = await addRaw(t, SIZE);
      const above = await makeFile(t, empty({ name: file.path, format: 'raw' }));
      const device = await addQcow2(t, above, { backing: base });
      await writeNode(t, device, PLACE, CLUSTER, 0x51);
      const id = t.name('job');
      await t.execute('block-commit', { 'job-id': id, device });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await succeeded(t, id, 'commit');
      t.equal(await ends(t, file), [0, 0x51], 'the base must have it where it was, and only there');
    },
  },
  {
    id: 'block-stream/far-data',
    title: 'A stream copies what lies beyond 4 GiB to where it is; its len is more than 32 bits hold',
    requirements: ['block-stream/completes', 'BLOCK_JOB_COMPLETED/len'],
    needs: needs(chainNodes, nodeBytes, jobs('block-stream')),
    async run(t: CaseContext) {
      const below = await makeFile(t, empty());
      const base = await addQcow2(t, below);
      await writeNode(t, base, PLACE, CLUSTER, 0x51);
      const above = await makeFile(t, empty({ name: below.path, format: 'qcow2' }));
      const device = await addQcow2(t, above, { backing: base });
      const id = t.name('job');
      await t.execute('block-stream', { 'job-id': id, device });
      const { len } = await succeeded(t, id, 'stream');
      t.equal(len, SIZE, 'the len of a stream must be the size of its disk');
      t.equal((await readNode(t, device, PLACE, 1))[0]!, 0x51, 'the image must have it where it was');
      t.equal((await readNode(t, device, PLACE % FAR, 1))[0]!, 0, 'the image must have it nowhere else');
    },
  },
];
