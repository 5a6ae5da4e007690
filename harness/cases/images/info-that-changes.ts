/** What queries tell of an image after it has changed, and of one that is below another. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, makeChain } from '../helpers/backing-chains.ts';
import { nodeIo, openIo } from '../helpers/node-io.ts';
import { addRaw, fileNodes, MiB, needs, nodeInfo } from '../helpers/shared-setup.ts';

/** `image` of a node. */
async function imageOf(t: CaseContext, node: string): Promise<JsonObject> {
  const { image = null } = await nodeInfo(t, node);
  return isJsonObject(image) ? image : t.fail('image must be an object', 'it is none');
}

/** Cases of descriptions that must not be stale, nor of the topmost image alone. */
export const infoThatChanges: readonly CaseDefinition[] = [
  {
    id: 'image-info/actual-size-grows',
    title: 'actual-size grows with what is written, after it was told before',
    requirements: ['ImageInfo/actual-size'],
    needs: needs(fileNodes, nodeIo),
    async run(t: CaseContext) {
      const node = (await addRaw(t, MiB)).name;
      const before = Number((await imageOf(t, node))['actual-size']);
      const guest = await openIo(t, node);
      await guest.perform({ kind: 'write', offset: 0, length: MiB, byte: 0x61 });
      await guest.perform({ kind: 'flush' });
      await guest.close();
      const after = Number((await imageOf(t, node))['actual-size']);
      t.check(
        after >= before + MiB / 2,
        'an image that was written must take more space',
        `it takes ${before} before and ${after} after`,
      );
    },
  },
  {
    id: 'image-info/snapshots-below',
    title: 'The snapshots of a backing image are told where it is described below its overlay, and no others',
    requirements: ['ImageInfo/backing-image', 'blockdev-snapshot-internal-sync/takes'],
    needs: needs(chainNodes, { commands: ['blockdev-snapshot-internal-sync'] }),
    async run(t: CaseContext) {
      const [base, top] = await makeChain(t, 2);
      const below = await addQcow2(t, base!);
      for (const name of ['one', 'two'])
        await t.execute('blockdev-snapshot-internal-sync', { device: below, name });
      const image = await imageOf(t, await addQcow2(t, top!, { backing: below }));
      t.contains(
        image,
        { 'backing-image': { snapshots: [{ name: 'one' }, { name: 'two' }] } },
        'the backing image must be told with its snapshots',
      );
      t.check(image.snapshots === undefined, 'the overlay must have no snapshots', 'it has');
    },
  },
];
