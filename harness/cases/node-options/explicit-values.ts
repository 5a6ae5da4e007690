/** Options that say what they would be otherwise, or only a part: what is said holds, the rest is as the parent has it. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes } from '../helpers/backing-chains.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { fileNodes, KiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

const SIZE = 256 * KiB;
const CLUSTER = 64 * KiB;

/** Cases of values that are given though they are the default, or beside others that are not. */
export const explicitValues: readonly CaseDefinition[] = [
  {
    id: 'node-options/cache-in-part',
    title:
      'Children take the cache mode of their parent over however many levels, also where they say a part of it',
    requirements: ['blockdev-add/children-inherit', 'query-named-block-nodes/cache'],
    needs: fileNodes,
    async run(t: CaseContext) {
      const [top, middle, bottom] = [t.name('top'), t.name('middle'), t.name('bottom')];
      for (const part of [undefined, { direct: false }]) {
        const cache = part && { cache: part };
        const file = { driver: 'file', 'node-name': bottom, filename: (await makeFile(t, SIZE)).path };
        await t.execute('blockdev-add', {
          driver: 'raw',
          'node-name': top,
          cache: { 'no-flush': true },
          file: { driver: 'raw', 'node-name': middle, file: { ...file, ...cache }, ...cache },
        });
        for (const node of [top, middle, bottom])
          t.contains(
            await nodeInfo(t, node),
            { cache: { direct: false, 'no-flush': true } },
            'each node must have no-flush as the topmost one',
          );
        await t.execute('blockdev-del', { 'node-name': top });
      }
    },
  },
  {
    id: 'node-options/writable-below-read-only',
    title: 'A child or backing image that is defined with read-only false is writable, whatever is above it',
    requirements: ['blockdev-add/children-inherit', 'blockdev-add/read-only'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const [file, backing] = [t.name('file'), t.name('backing')];
      const image = (node: string, filename: string) => ({
        driver: 'raw',
        'node-name': node,
        'read-only': false,
        file: { driver: 'file', filename, 'read-only': false },
      });
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('raw'),
        'read-only': true,
        file: image(file, (await makeFile(t, SIZE)).path),
      });
      const overlay = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
      await addQcow2(t, overlay, { backing: image(backing, (await makeFile(t, SIZE)).path) });
      for (const node of [file, backing])
        t.contains(
          await nodeInfo(t, node),
          { ro: false },
          'a node that is not to be read-only must not be so',
        );
    },
  },
  {
    id: 'node-options/discards-ignored-below',
    title: 'A child that is to ignore discards ignores those of a parent that hands them on',
    requirements: ['BlockdevDiscardOptions/ignore'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const clusters = new Map([0, 1, 2, 3].map((index) => [index, 0x5a]));
      const image = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters }));
      const node = t.name('raw');
      const file = { driver: 'qcow2', discard: 'ignore', file: { driver: 'file', filename: image.path } };
      await t.execute('blockdev-add', { driver: 'raw', 'node-name': node, discard: 'unmap', file });
      const guest = await openIo(t, node);
      await guest.attempt({ kind: 'discard', offset: CLUSTER, length: CLUSTER });
      t.check(
        (await guest.read(0, SIZE)).every((byte) => byte === 0x5a),
        'the image must be as before the discard',
        'it is not',
      );
    },
  },
];
