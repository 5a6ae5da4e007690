/** qcow2 images without room: a header that fills its cluster, and tables that would grow over others. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { buildQcow2, tablesOf } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs } from '../helpers/shared-setup.ts';

/** The smallest that there are. */
const CLUSTER = 512;
/** Bytes of the file that one L2 table of such clusters maps. */
const MAPPED = 32 * KiB;

const TABLES = tablesOf(CLUSTER);

/** The cases of images without room. */
export const fullHeaders: readonly CaseDefinition[] = [
  {
    id: 'change-backing-file/fills-the-header',
    title:
      'The longest name that is taken ends with the first cluster; one byte more is refused, and not written',
    requirements: ['change-backing-file/writes-header'],
    needs: needs(chainNodes, { commands: ['change-backing-file'] }),
    async run(t: CaseContext) {
      const base = await makeFile(t, 4 * KiB);
      const backing = { name: base.path, format: 'raw' };
      const image = buildQcow2({ size: 4 * KiB, clusterSize: CLUSTER, version: 2, backing });
      const file = await makeFile(t, image);
      const node = await addQcow2(t, file);
      const isTaken = async (length: number): Promise<boolean> => {
        const { error } = await t.request({
          execute: 'change-backing-file',
          arguments: { device: node, 'image-node-name': node, 'backing-file': 'n'.repeat(length) },
        });
        return error === undefined;
      };
      let [taken, refused] = [1, CLUSTER];
      while (refused - taken > 1) {
        const middle = (taken + refused) >> 1;
        if (await isTaken(middle)) taken = middle;
        else refused = middle;
      }
      t.check(await isTaken(taken), 'a name must be taken again', 'it is refused');
      t.check(!(await isTaken(refused)), 'a name that does not fit must be refused again', 'it is taken');
      await release(t, [node]);
      const bytes = await bytesOf(t, file.local);
      const [offset, length] = [Number(bytes.readBigUInt64BE(8)), bytes.readUInt32BE(16)];
      t.equal(
        [length, offset + length],
        [taken, CLUSTER],
        'the longest name must be in the header, up to the end of its cluster',
      );
      t.equal(
        bytes.toString('latin1', offset, offset + length),
        'n'.repeat(taken),
        'the header must hold the name that was taken last',
      );
    },
  },
  {
    id: 'block_resize/no-room-for-tables',
    title:
      'An L1 table does not grow into a table of the image that nobody counts: the image is broken instead',
    requirements: ['Qcow2OverlapChecks/mode', 'block_resize/size-in-bytes'],
    needs: needs(chainNodes, { commands: ['block_resize'], events: ['BLOCK_IMAGE_CORRUPTED'] }),
    async run(t: CaseContext) {
      const image = buildQcow2({ size: MAPPED, clusterSize: CLUSTER, clusters: new Map([[0, 0x11]]) });
      const sound = await addQcow2(t, await makeFile(t, image));
      await t.execute('block_resize', { 'node-name': sound, size: 2 * MAPPED });
      await release(t, [sound]);
      for (const [table, at] of Object.entries(TABLES)) {
        const uncounted = Buffer.from(image);
        uncounted.writeUInt16BE(0, TABLES['refcount-block'] + (at / CLUSTER) * 2);
        const file = await makeFile(t, uncounted);
        const node = await addQcow2(t, file, { 'overlap-check': 'all' });
        await t.refused('block_resize', { 'node-name': node, size: 2 * MAPPED });
        await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node });
        await release(t, [node]);
        const after = await bytesOf(t, file.local);
        if (table !== 'refcount-block')
          t.check(
            after.subarray(at, at + CLUSTER).equals(uncounted.subarray(at, at + CLUSTER)),
            'a table in whose place another would be must stay as it was',
            `${table} changed`,
          );
      }
    },
  },
];
