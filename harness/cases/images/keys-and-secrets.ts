/** Encrypted images: made, opened with the secret and with others, and what is on disk. */
import type { JsonObject } from '../../../spec/json.ts';
import { EXTENSION, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { CHAIN_SIZE, CLUSTER, chainNodes, release } from '../helpers/backing-chains.ts';
import { checkOpens, createImage, createQcow2, creationRefused } from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { decrypted, LUKS_UUID, luksHeader } from '../helpers/made-luks.ts';
import { nodeBytes, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, isQcow2, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, makeFile, needs, nodeInfo } from '../helpers/shared-setup.ts';

/** An endpoint with the secret `abcdef` as sec0, and another one. */
export const secrets: Topology = {
  name: 'secrets',
  images: [],
  options: ['-object', 'secret,id=sec0,data=abcdef', '-object', 'secret,id=bad,data=other'],
  monitors: 1,
};

const encrypted: Needs = needs(chainNodes, { capabilities: ['owned'] });
const encryptedIo: Needs = { ...encrypted, ...nodeBytes };
/** What a case uses that makes encrypted images. The job of later versions measures how fast the host is, for seconds. */
export const creating: Needs = needs(encrypted, { commands: ['x-blockdev-create'] });

/** An image that sec0 opens. */
function makeEncrypted(t: CaseContext): Promise<CaseFile> {
  const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER };
  return makeFile(t, buildQcow2({ ...shape, luks: luksHeader('abcdef') }));
}

/** A LUKS volume that sec0 opens, of 64 KiB. */
function makeVolume(t: CaseContext): Promise<CaseFile> {
  return makeFile(t, Buffer.concat([luksHeader('abcdef'), Buffer.alloc(64 * KiB)]));
}

/** What blockdev-add takes for a node over an image file. */
export const nodeOver = (t: CaseContext, driver: string, { path }: CaseFile, options: JsonObject = {}) => ({
  driver,
  'node-name': t.name(driver),
  file: { driver: 'file', filename: path },
  ...options,
});
const qcow2Node = (t: CaseContext, file: CaseFile, options?: JsonObject) =>
  nodeOver(t, 'qcow2', file, options);
const luksNode = (t: CaseContext, file: CaseFile, options?: JsonObject) => nodeOver(t, 'luks', file, options);

/** The part of an encrypted image that tells where its keys are: offset and length, eight bytes each. */
export function placeOfKeys(t: CaseContext, bytes: Buffer): Buffer {
  t.check(isQcow2(bytes), 'the file must be a qcow2 image', 'it is none');
  const place = parseQcow2Header(bytes).extensions.get(EXTENSION.encryption);
  t.check(place?.length === 16, 'the header must tell where the keys are', 'the extension is not there');
  return place;
}

/** The header of keys of an encrypted image, and what is behind it. */
export function keysOf(t: CaseContext, bytes: Buffer): Buffer {
  return bytes.subarray(Number(placeOfKeys(t, bytes).readBigUInt64BE(0)));
}

const KEY = { encrypt: { format: 'luks', 'key-secret': 'sec0' } };

export const encryptionCases: readonly CaseDefinition[] = [
  {
    id: 'encryption/qcow2-content',
    title: 'What is written to an encrypted image is on disk under its key, and who has the secret reads it',
    requirements: ['qcow2/encrypt-luks'],
    topology: secrets,
    needs: encryptedIo,
    async run(t: CaseContext) {
      const file = await makeEncrypted(t);
      const first = qcow2Node(t, file, KEY);
      await t.execute('blockdev-add', first);
      await writeNode(t, first['node-name'], 0, CLUSTER, 0x5a);
      await release(t, [first['node-name']]);
      const bytes = await bytesOf(t, file.local);
      const stored = parseQcow2(bytes).cluster(0);
      t.check(
        Buffer.isBuffer(stored) && decrypted(stored, placeOf(bytes, 0)!).equals(Buffer.alloc(CLUSTER, 0x5a)),
        'the file must hold the data encrypted under the key of the image',
        'it holds something else',
      );
      const again = qcow2Node(t, file, KEY);
      await t.execute('blockdev-add', again);
      t.check(
        (await readNode(t, again['node-name'], 0, CLUSTER)).equals(Buffer.alloc(CLUSTER, 0x5a)),
        'who has the secret must read what was written',
        'it reads something else',
      );
    },
  },
  {
    id: 'encryption/create',
    title:
      'An image made with encrypt is marked as encrypted, has a header of keys, and opens with the secret only',
    requirements: ['x-blockdev-create/qcow2-encrypt'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const file = await createQcow2(t, {
        size: CHAIN_SIZE,
        encrypt: { format: 'luks', 'key-secret': 'sec0', 'iter-time': 10 },
      });
      const bytes = await bytesOf(t, file.local);
      const keys = keysOf(t, bytes);
      t.equal(
        parseQcow2Header(bytes).encryption,
        2,
        'the header must say that the image is encrypted by LUKS',
      );
      t.equal(keys.toString('latin1', 0, 4), 'LUKS', 'the header of keys must be one of LUKS');
      await t.refused(
        'blockdev-add',
        qcow2Node(t, file, { encrypt: { format: 'luks', 'key-secret': 'bad' } }),
      );
      await t.execute('blockdev-add', qcow2Node(t, file, KEY));
    },
  },
  {
    id: 'encryption/qcow2-described',
    title: 'An encrypted image tells so, with the format and what the header of its keys says',
    requirements: [
      'ImageInfo/encrypted',
      'ImageInfoSpecificQCow2/encrypt',
      'ImageInfoSpecificQCow2EncryptionBase/format',
      'ImageInfoSpecificQCow2Encryption/luks',
      'query-named-block-nodes/encrypted',
    ],
    topology: secrets,
    needs: encrypted,
    async run(t: CaseContext) {
      const file = await makeEncrypted(t);
      const node = qcow2Node(t, file, KEY);
      await t.execute('blockdev-add', node);
      t.contains(
        await nodeInfo(t, node['node-name']),
        {
          encrypted: true,
          image: {
            encrypted: true,
            'format-specific': { data: { encrypt: { format: 'luks', uuid: LUKS_UUID } } },
          },
        },
        'an encrypted image must tell its encryption',
      );
    },
  },
  {
    id: 'encryption/qcow2-refused',
    title: 'Without encrypt, its secret, the right one or the right format an encrypted image stays closed',
    requirements: ['qcow2/encrypt-mandatory', 'qcow2/encrypt-luks'],
    topology: secrets,
    needs: encrypted,
    async run(t: CaseContext) {
      const file = await makeEncrypted(t);
      for (const options of [
        {},
        { encrypt: { format: 'luks' } },
        { encrypt: { format: 'luks', 'key-secret': 'none' } },
        { encrypt: { format: 'luks', 'key-secret': 'bad' } },
        { encrypt: { format: 'aes', 'key-secret': 'sec0' } },
      ])
        await t.refused('blockdev-add', qcow2Node(t, file, options));
      await t.execute('blockdev-add', qcow2Node(t, file, KEY));
    },
  },
  {
    id: 'encryption/qcow2-aes-refused',
    title: 'An image encrypted the old way is refused without encrypt, and the same unencrypted opens',
    requirements: ['qcow2/encrypt-mandatory'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const old = await makeFile(t, buildQcow2({ ...shape, encryption: 1 }));
      await t.refused('blockdev-add', qcow2Node(t, old));
      await t.execute('blockdev-add', qcow2Node(t, await makeFile(t, buildQcow2(shape))));
    },
  },
  {
    id: 'encryption/create-refused',
    title: 'No encrypted image is made without a secret, or with one that is not there',
    requirements: ['x-blockdev-create/qcow2-encrypt'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const file = await makeFile(t, 0);
      const image = { driver: 'qcow2', file: { driver: 'file', filename: file.path }, size: CHAIN_SIZE };
      for (const key of [{}, { 'key-secret': 'none' }])
        await creationRefused(t, { ...image, encrypt: { format: 'luks', ...key } });
      await createImage(t, { ...image, encrypt: { format: 'luks', 'key-secret': 'sec0', 'iter-time': 10 } });
      await checkOpens(t, image, { encrypt: { format: 'luks', 'key-secret': 'sec0' } });
    },
  },
  {
    id: 'encryption/luks-content',
    title: 'A LUKS volume opened with its secret keeps what is written under its key, and gives it back',
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: needs(encryptedIo, { drivers: ['luks'] }),
    async run(t: CaseContext) {
      const file = await makeVolume(t);
      const first = luksNode(t, file, { 'key-secret': 'sec0' });
      await t.execute('blockdev-add', first);
      t.contains(
        await nodeInfo(t, first['node-name']),
        {
          encrypted: true,
          image: { 'virtual-size': 64 * KiB, encrypted: true, 'format-specific': { type: 'luks' } },
        },
        'the volume must have the size behind its header, and tell its encryption',
      );
      await writeNode(t, first['node-name'], 4096, 4096, 0x5a);
      await release(t, [first['node-name']]);
      const payload = (await bytesOf(t, file.local)).subarray(-64 * KiB);
      t.check(
        decrypted(payload.subarray(4096, 8192), 4096).equals(Buffer.alloc(4096, 0x5a)),
        'the file must hold the data encrypted under the key of the volume',
        'it holds something else',
      );
      const again = luksNode(t, file, { 'key-secret': 'sec0' });
      await t.execute('blockdev-add', again);
      t.check(
        (await readNode(t, again['node-name'], 4096, 4096)).equals(Buffer.alloc(4096, 0x5a)),
        'who has the secret must read what was written',
        'it reads something else',
      );
    },
  },
  {
    id: 'encryption/luks-refused',
    title: 'A LUKS volume stays closed without key-secret and with an unknown or a wrong one',
    requirements: ['luks/key-secret-mandatory', 'luks/key-secret'],
    topology: secrets,
    needs: needs(encrypted, { drivers: ['luks'] }),
    async run(t: CaseContext) {
      const file = await makeVolume(t);
      for (const options of [{}, { 'key-secret': 'none' }, { 'key-secret': '' }, { 'key-secret': 'bad' }])
        await t.refused('blockdev-add', luksNode(t, file, options));
      await t.execute('blockdev-add', luksNode(t, file, { 'key-secret': 'sec0' }));
    },
  },
];
