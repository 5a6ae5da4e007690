/** Nodes that hold nothing: those of no bytes, and those that are out of use. */
import { isJsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, CHAIN_SIZE, CLUSTER, chainNodes, readImage, release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { buildQcow2, entryTo, refcountTableOf } from '../helpers/qcow2-image.ts';
import { makeFile, needs } from '../helpers/shared-setup.ts';

export const emptyNodes: readonly CaseDefinition[] = [
  {
    id: 'block_resize/from-nothing',
    title: 'An image of no bytes that grows holds nothing: no cluster has a place in the file',
    requirements: ['block_resize/by-node-name', 'block_resize/data-kept'],
    needs: needs(chainNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: 0, clusterSize: CLUSTER }));
      const node = await addQcow2(t, file);
      await t.execute('block_resize', { 'node-name': node, size: CHAIN_SIZE });
      await release(t, [node]);
      const image = await readImage(t, file);
      t.equal(image.size, CHAIN_SIZE, 'the image must have its new size');
      for (let index = 0; index < CHAIN_SIZE / CLUSTER; index += 1)
        t.check(image.cluster(index) === null, 'no cluster may be allocated', `cluster ${index} is`);
    },
  },
  {
    id: 'image-corrupted/without-discard-and-resize',
    title:
      'A node that is out of use after fatal corruption takes no discard and no other size, and its file stays',
    requirements: ['BLOCK_IMAGE_CORRUPTED/unusable'],
    needs: needs(chainNodes, {
      ...nodeBytes,
      commands: ['block_resize'],
      events: ['BLOCK_IMAGE_CORRUPTED'],
    }),
    async run(t: CaseContext) {
      const entries = new Map([[0, entryTo(refcountTableOf(CLUSTER))]]);
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, entries }));
      const node = await addQcow2(t, file);
      const guest = await openIo(t, node);
      await guest.attempt({ kind: 'write', offset: 0, length: 512, byte: 1 });
      const { data } = await t.event('BLOCK_IMAGE_CORRUPTED', { 'node-name': node });
      t.check(isJsonObject(data ?? null), 'the event must have data', 'it has none');
      const discard = await guest.attempt({ kind: 'discard', offset: 2 * CLUSTER, length: CLUSTER });
      t.check(discard !== 'done', 'a discard must fail as all requests do', 'it succeeds');
      await guest.close();
      const before = await bytesOf(t, file.local);
      for (const size of [CHAIN_SIZE / 2, 2 * CHAIN_SIZE])
        await t.refused('block_resize', { 'node-name': node, size });
      t.check((await bytesOf(t, file.local)).equals(before), 'the file must stay as it is', 'it changed');
    },
  },
];
