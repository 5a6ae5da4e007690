/** What queries tell of VMDK images, whose descriptor is a text. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { KiB, needs, nodeCommands, nodeInfo } from '../helpers/shared-setup.ts';

const images = (name: string, subformat: string): Topology => ({
  name,
  images: [{ path: 'x.vmdk', format: 'vmdk', size: 64 * KiB, options: `subformat=${subformat}` }],
  options: [],
  monitors: 1,
});

async function describedImage(t: CaseContext): Promise<JsonObject> {
  const node = t.name('vmdk');
  const file = { driver: 'file', filename: `${t.dir}/x.vmdk` };
  await t.execute('blockdev-add', { driver: 'vmdk', 'node-name': node, file, 'read-only': true });
  const { image } = await nodeInfo(t, node);
  t.check(isJsonObject(image), 'a node must describe its image', `image is ${shown(image)}`);
  return image;
}

const vmdk = needs(nodeCommands, { drivers: ['vmdk', 'file'], capabilities: ['owned', 'sharedFiles'] });

export const vmdkInfo: readonly CaseDefinition[] = [
  {
    id: 'image-info/vmdk',
    title: 'A VMDK image tells its create type, its content ids, that it has no parent, and its extents',
    requirements: ['ImageInfoSpecificVmdk/members', 'ImageInfoSpecific/type'],
    needs: vmdk,
    topology: images('vmdk-sparse', 'monolithicSparse'),
    async run(t: CaseContext) {
      const found = (await describedImage(t))['format-specific'] ?? null;
      t.contains(
        found,
        { type: 'vmdk', data: { 'create-type': 'monolithicSparse', 'parent-cid': 4294967295 } },
        'the image must tell what its descriptor says',
      );
      const { cid = null, extents = null } = (found as JsonObject).data as JsonObject;
      t.check(typeof cid === 'number', 'cid must be the content id', `it is ${shown(cid)}`);
      t.contains(
        extents,
        [{ filename: `${t.dir}/x.vmdk`, format: '', 'virtual-size': 64 * KiB, 'cluster-size': 64 * KiB }],
        'the image must list its one extent',
      );
    },
  },
  {
    id: 'image-info/vmdk-compressed',
    title: 'The extent of a streamOptimized VMDK image tells that it is compressed',
    requirements: ['ImageInfo/compressed', 'ImageInfoSpecificVmdk/members'],
    needs: vmdk,
    topology: images('vmdk-stream', 'streamOptimized'),
    async run(t: CaseContext) {
      t.contains(
        (await describedImage(t))['format-specific'] ?? null,
        { data: { 'create-type': 'streamOptimized', extents: [{ compressed: true }] } },
        'the extent must be told to be compressed',
      );
    },
  },
];
