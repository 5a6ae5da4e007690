/** Where a source holds nothing: what a mirror does there, by what its target is like. */
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { endedReady, mirrorJobs } from '../helpers/job-steps.ts';
import { decrypted, luksHeader } from '../helpers/made-luks.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs, newFile } from '../helpers/shared-setup.ts';
import { nodeOver, secrets } from '../images/keys-and-secrets.ts';

const CLUSTER = 64 * KiB;
const SIZE = 4 * CLUSTER;
/** The one cluster that holds something, and what. */
const [HELD, BYTE] = [2, 0x5b];

async function sparseSource(t: CaseContext): Promise<string> {
  const clusters = new Map([[HELD, BYTE]]);
  return addQcow2(t, await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters })));
}

const expected = Buffer.alloc(SIZE).fill(BYTE, HELD * CLUSTER, (HELD + 1) * CLUSTER);

/** The cases of holes. */
export const holesOfSources: readonly CaseDefinition[] = [
  {
    id: 'drive-mirror/holes-to-new-image',
    title:
      'A mirror to a new image, which reads as zeroes, copies what its source holds and leaves out the rest',
    requirements: ['drive-mirror/sync', 'drive-mirror/creates-target'],
    needs: needs(chainNodes, mirrorJobs, { commands: ['drive-mirror'] }),
    async run(t: CaseContext) {
      const ready: (readonly [format: string, told: Json])[] = [];
      for (const format of ['raw', 'qcow2']) {
        const device = await sparseSource(t);
        const [id, target] = [t.name('job'), newFile(t)];
        await t.execute('drive-mirror', { 'job-id': id, device, target: target.path, format, sync: 'full' });
        const { data = null } = await t.event('BLOCK_JOB_READY', { device: id });
        ready.push([format, data]);
        await endedReady(t, id);
        await release(t, [device]);
        await checkContent(t, target, expected, `a new ${format} image`);
      }
      for (const [format, told] of ready)
        t.contains(
          told,
          { len: CLUSTER, offset: CLUSTER },
          `a mirror to a new ${format} image should copy no more than its source holds`,
          { severity: 'should' },
        );
    },
  },
  {
    id: 'blockdev-mirror/holes-to-encrypted-volume',
    title:
      'A mirror writes zeroes to an encrypted volume, which never reads so by itself, where its source is empty',
    requirements: ['blockdev-mirror/sync-modes', 'luks/key-secret'],
    needs: needs(chainNodes, mirrorJobs, { drivers: ['luks'], capabilities: ['owned'] }),
    topology: secrets,
    async run(t: CaseContext) {
      const header = luksHeader('abcdef');
      const file = await makeFile(t, Buffer.concat([header, Buffer.alloc(SIZE)]));
      const volume = nodeOver(t, 'luks', file, { 'key-secret': 'sec0' });
      await t.execute('blockdev-add', volume);
      const target = volume['node-name'];
      const device = await sparseSource(t);
      const id = t.name('job');
      await t.execute('blockdev-mirror', { 'job-id': id, device, target, sync: 'full' });
      await t.event('BLOCK_JOB_READY', { device: id });
      await endedReady(t, id);
      await release(t, [device, target]);
      const stored = (await bytesOf(t, file.local)).subarray(header.length, header.length + SIZE);
      t.check(
        decrypted(stored, 0).equals(expected),
        'the volume must hold what the source shows, encrypted',
        'it holds something else',
      );
    },
  },
];
