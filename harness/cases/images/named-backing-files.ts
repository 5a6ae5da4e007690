/** Names of backing files in headers: where each leads, and which lead nowhere. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { CHAIN_SIZE, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { nodeBytes, readNode } from '../helpers/node-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  type CaseFile,
  makeDirectory,
  makeFileIn,
  needs,
  nodeInfo,
  nodeNames,
} from '../helpers/shared-setup.ts';

/** What is there to be named. */
interface Files {
  readonly folder: CaseFile;
  /** All 0x66. */
  readonly raw: string;
  /** In a folder beside it, under the same name, all 0x77. */
  readonly inner: string;
  /** Its first cluster is 0x44. */
  readonly image: string;
  /** Of version 2, its first cluster is 0x45. */
  readonly older: string;
}

interface Named {
  readonly name: string;
  readonly format?: string;
  /** Where it leads, the driver there, and the first byte; null: nowhere. */
  readonly leads: readonly [file: string, driver: string, byte: number] | null;
}

/** Names as a header may have them, of files beside the image or elsewhere. */
const namesOf = ({ folder, raw, inner, image, older }: Files): readonly Named[] => [
  { name: raw, format: 'raw', leads: [raw, 'raw', 0x66] },
  { name: basename(raw), format: 'raw', leads: [raw, 'raw', 0x66] },
  { name: `inner/${basename(raw)}`, format: 'raw', leads: [inner, 'raw', 0x77] },
  {
    name: `inner/../${basename(raw)}`,
    format: 'raw',
    leads: [`${folder.path}/inner/../${basename(raw)}`, 'raw', 0x66],
  },
  { name: `./${basename(raw)}`, format: 'raw', leads: [`${folder.path}/./${basename(raw)}`, 'raw', 0x66] },
  { name: `file:${inner}`, format: 'raw', leads: [inner, 'raw', 0x77] },
  { name: raw, format: 'file', leads: [raw, 'file', 0x66] },
  { name: image, format: 'qcow2', leads: [image, 'qcow2', 0x44] },
  { name: image, leads: [image, 'qcow2', 0x44] },
  { name: older, leads: [older, 'qcow2', 0x45] },
  { name: image, format: 'raw', leads: [image, 'raw', 0x51] },
  { name: raw, leads: [raw, 'raw', 0x66] },
  {
    name: `json:${JSON.stringify({ driver: 'raw', file: { driver: 'file', filename: inner } })}`,
    leads: [inner, 'raw', 0x77],
  },
  {
    name: `json:${JSON.stringify({ 'file.filename': image, driver: 'qcow2', 'file.driver': 'file' })}`,
    leads: [image, 'qcow2', 0x44],
  },
  { name: `file:${basename(raw)}`, format: 'raw', leads: null },
  { name: `${raw}.missing`, format: 'raw', leads: null },
  { name: `nothing-of-the-kind:${basename(raw)}`, format: 'raw', leads: null },
  { name: raw, format: 'nothing', leads: null },
  { name: raw, format: 'qcow2', leads: null },
  { name: 'json:{"driver": "raw", "file', leads: null },
  { name: 'json:{"driver": "nothing"}', leads: null },
];

async function filesIn(folder: CaseFile): Promise<Files> {
  const below = { path: `${folder.path}/inner`, local: `${folder.local}/inner` };
  const raw = await makeFileIn(folder, 'base.img', Buffer.alloc(CHAIN_SIZE, 0x66));
  const inner = await makeFileIn(below, 'base.img', Buffer.alloc(CHAIN_SIZE, 0x77));
  const imageOf = (name: string, version: 2 | 3, byte: number) =>
    makeFileIn(
      folder,
      name,
      buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, version, clusters: new Map([[0, byte]]) }),
    );
  const image = await imageOf('base.qcow2', 3, 0x44);
  const older = await imageOf('older.qcow2', 2, 0x45);
  return { folder, raw: raw.path, inner: inner.path, image: image.path, older: older.path };
}

async function checkLeads(
  t: CaseContext,
  node: string,
  name: string,
  [file, driver, byte]: NonNullable<Named['leads']>,
): Promise<void> {
  const told = await nodeInfo(t, node);
  const image = isJsonObject(told.image ?? null) ? (told.image as JsonObject) : {};
  const below = image['backing-image'] ?? null;
  t.check(
    isJsonObject(below),
    'the backing file must be described',
    `of ${shown(name)} it is ${shown(below)}`,
  );
  t.equal(
    [below.filename!, below.format!],
    [file, driver],
    'a name must lead to its file, whose driver is that of the header or found out',
  );
  const [got] = await readNode(t, node, 0, 1);
  t.equal(got!, byte, 'what the file holds must show through');
}

export const namedBackingFiles: readonly CaseDefinition[] = [
  {
    id: 'qcow2/backing-named',
    title:
      'The name that a header has for its backing file leads there, however it is written, or is refused',
    requirements: ['ImageInfo/full-backing-filename', 'blockdev-add/backing-default'],
    needs: needs(chainNodes, nodeBytes),
    async run(t: CaseContext) {
      const folder = await makeDirectory(t);
      await mkdir(join(folder.local, 'inner'));
      const files = await filesIn(folder);
      const node = t.name('overlay');
      for (const { name, format, leads } of namesOf(files)) {
        const backing = { name, ...(format !== undefined && { format }) };
        const overlay = await makeFileIn(
          folder,
          'overlay.qcow2',
          buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing }),
        );
        const before = await nodeNames(t);
        const { error } = await t.request({
          execute: 'blockdev-add',
          arguments: {
            driver: 'qcow2',
            'node-name': node,
            'read-only': true,
            file: { driver: 'file', filename: overlay.path },
          },
        });
        t.check(
          (error === undefined) === (leads !== null),
          leads === null
            ? 'an image whose backing file is not there must be refused'
            : 'an image whose backing file is there must open',
          `with the name ${shown(name)} and the format ${shown(format ?? null)} it does not`,
        );
        if (leads !== null) {
          await checkLeads(t, node, name, leads);
          await release(t, [node]);
        }
        t.equal(await nodeNames(t), before, 'nothing must be left of it');
      }
    },
  },
];
