/** A LUKS volume as a node: its size, requests of any length, and how it is found out; and the same keys inside of qcow2. */
import { HEADER_LENGTH, parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { aesSectors } from '../helpers/aes-sectors.ts';
import { CHAIN_SIZE, CLUSTER, release } from '../helpers/backing-chains.ts';
import { createQcow2 } from '../helpers/created-images.ts';
import { bytesOf, sizesOf } from '../helpers/image-files.ts';
import { luksKey, luksVolume, parseLuks, unlocked } from '../helpers/made-luks.ts';
import { openIo, readNode, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, makeFile, needs, nodeInfo, virtualSize } from '../helpers/shared-setup.ts';
import { creating, keysOf, nodeOver, placeOfKeys, secrets } from '../images/keys-and-secrets.ts';
import { openVolume, PASSPHRASE, volumeBytes, volumes } from './volumes.ts';

const MODE = { mode: 'cbc-plain64', keyBytes: 16 };
const SHAPE = { ...MODE, iterations: 2, digestIterations: 2, passphrases: { 0: PASSPHRASE } };
const KEY = { encrypt: { format: 'luks', 'key-secret': 'sec0' } };

function qcow2Node(t: CaseContext, file: CaseFile, options: typeof KEY | object = KEY) {
  return nodeOver(t, 'qcow2', file, { ...options });
}

export const volumeNodes: readonly CaseDefinition[] = [
  {
    id: 'luks/any-request',
    title: 'A volume is read and written in any part of its sectors, and zeroes are stored encrypted',
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumeBytes,
    async run(t: CaseContext) {
      const header = luksVolume(SHAPE);
      const volume = { key: luksKey(MODE.keyBytes), mode: MODE.mode };
      const plain = Buffer.alloc(8 * KiB, 0x77);
      const stored = aesSectors(volume, plain, 0, 'encrypt');
      const file = await makeFile(t, Buffer.concat([header, stored]));
      const node = await openVolume(t, file);
      const guest = await openIo(t, node);
      for (const [offset, length, byte] of [
        [100, 50, 1],
        [500, 30, 2],
        [1024, 512, 3],
        [1535, 1026, 4],
        [8 * KiB - 1, 1, 5],
      ] as const) {
        await guest.perform({ kind: 'write', offset, length, byte });
        plain.fill(byte, offset, offset + length);
      }
      await guest.perform({ kind: 'write-zeroes', offset: 5000, length: 2000 });
      plain.fill(0, 5000, 7000);
      t.check((await guest.read(0, plain.length)).equals(plain), 'what is written must be read', 'it is not');
      t.check(
        (await guest.read(4999, 3)).equals(plain.subarray(4999, 5002)),
        'a few bytes of a sector must be read as the whole is',
        'they are not',
      );
      await guest.close();
      await release(t, [node]);
      t.check(
        (await bytesOf(t, file.local)).equals(
          Buffer.concat([header, aesSectors(volume, plain, 0, 'encrypt')]),
        ),
        'the file must hold the header as it was, and all sectors encrypted',
        'it holds something else',
      );
    },
  },
  {
    id: 'luks/resized',
    title: 'A volume that is resized has the new size behind its header, and keeps what it holds',
    requirements: ['block_resize/size-in-bytes', 'luks/key-secret', 'ImageInfo/actual-size'],
    topology: secrets,
    needs: needs(volumes, { ...volumeBytes, commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const header = luksVolume(SHAPE);
      const file = await makeFile(t, Buffer.concat([header, Buffer.alloc(4 * KiB)]));
      const node = await openVolume(t, file);
      t.contains(
        (await nodeInfo(t, node)).image ?? null,
        { 'actual-size': (await sizesOf(t, file.local)).space },
        'a volume must tell the space that its file takes',
      );
      await writeNode(t, node, 0, 4 * KiB, 0x31);
      for (const size of [64 * KiB, 2 * KiB]) {
        await t.execute('block_resize', { 'node-name': node, size });
        t.equal(await virtualSize(t, node), size, 'the volume must have the new size');
        t.equal(
          (await sizesOf(t, file.local)).size,
          header.length + size,
          'the file must be longer than the volume by the header',
        );
      }
      const guest = await openIo(t, node);
      t.check(
        (await guest.read(0, 2 * KiB)).equals(Buffer.alloc(2 * KiB, 0x31)),
        'what is left of the volume must be as it was',
        'it is not',
      );
      await guest.close();
      const { image } = await nodeInfo(t, node);
      t.contains(image ?? null, { format: 'luks', 'dirty-flag': false }, 'a volume must never be dirty');
      const clusters = (image as { 'cluster-size'?: number })['cluster-size'];
      t.check(clusters === undefined, 'a volume must have no clusters', 'it tells their size');
    },
  },
  {
    id: 'luks/found-out',
    title:
      'A backing file whose format nobody tells is taken for a LUKS volume by signature and version, else for raw',
    requirements: ['luks/key-secret-mandatory'],
    topology: secrets,
    needs: volumes,
    async run(t: CaseContext) {
      for (const version of [1, 2, 257]) {
        const bytes = luksVolume(SHAPE, Buffer.alloc(512));
        bytes.writeUInt16BE(version, 6);
        const backing = { name: (await makeFile(t, bytes)).path };
        const image = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing }));
        const node = nodeOver(t, 'qcow2', image);
        if (version === 1) await t.refused('blockdev-add', node);
        else await t.execute('blockdev-add', node);
      }
    },
  },
  {
    id: 'luks/keys-inside-qcow2',
    title: 'Keys inside of a qcow2 image are read as far as the image says that they go, and must be there',
    requirements: ['qcow2/encrypt-luks', 'blockdev-add/failure-leaves-nothing'],
    topology: secrets,
    needs: needs(volumes, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const luks = luksVolume(SHAPE);
      const image = buildQcow2({ ...shape, luks });
      const { keyBytes, slots } = parseLuks(luks);
      const enough = BigInt(slots[0]!.offset + slots[0]!.stripes * keyBytes);
      for (const spoil of [
        (_: Buffer, place: Buffer) => place.writeBigUInt64BE(enough - 512n, 8),
        (_: Buffer, place: Buffer) => place.writeBigUInt64BE(591n, 8),
        (_: Buffer, place: Buffer) => place.writeBigUInt64BE(place.readBigUInt64BE(0) + BigInt(CLUSTER), 0),
        (bytes: Buffer) => bytes.writeUInt32BE(0x12345678, HEADER_LENGTH),
        (bytes: Buffer) => bytes.writeUInt32BE(0, 32),
        (bytes: Buffer) => bytes.writeUInt32BE(3, 32),
      ]) {
        const bytes = Buffer.from(image);
        spoil(bytes, placeOfKeys(t, bytes));
        await t.refused('blockdev-add', qcow2Node(t, await makeFile(t, bytes)));
      }
      const less = Buffer.from(image);
      placeOfKeys(t, less).writeBigUInt64BE(enough, 8);
      for (const bytes of [less, image]) {
        const node = qcow2Node(t, await makeFile(t, bytes));
        await t.execute('blockdev-add', node);
        await release(t, [node['node-name']]);
      }
    },
  },
  {
    id: 'luks/no-keys-in-qcow2',
    title: 'An image in the clear is not opened with encrypt, and is opened without it',
    requirements: ['qcow2/encrypt-luks'],
    topology: secrets,
    needs: needs(volumes, { drivers: ['qcow2'] }),
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER }));
      await t.refused('blockdev-add', qcow2Node(t, file));
      await t.execute('blockdev-add', qcow2Node(t, file, {}));
    },
  },
  {
    id: 'luks/no-key-missing',
    title:
      'No node misses its key: neither an open volume, nor qcow2 with keys inside, nor what is above them',
    requirements: ['query-named-block-nodes/encryption-key-missing'],
    topology: secrets,
    needs: needs(volumes, { drivers: ['qcow2', 'raw'] }),
    async run(t: CaseContext) {
      const shape = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const volume = await openVolume(t, await makeFile(t, luksVolume(SHAPE, Buffer.alloc(CHAIN_SIZE))));
      const image = qcow2Node(t, await makeFile(t, buildQcow2({ ...shape, luks: luksVolume(SHAPE) })));
      await t.execute('blockdev-add', image);
      const raw = { driver: 'raw', 'node-name': t.name('raw'), file: volume };
      const overlay = nodeOver(t, 'qcow2', await makeFile(t, buildQcow2(shape)), {
        backing: image['node-name'],
      });
      for (const above of [raw, overlay]) await t.execute('blockdev-add', above);
      for (const name of [volume, image['node-name'], raw['node-name'], overlay['node-name']]) {
        const node = await nodeInfo(t, name);
        if (!('encryption_key_missing' in node)) t.skip('the endpoint no longer reports it');
        t.equal(
          node.encryption_key_missing ?? null,
          false,
          `encryption_key_missing of ${name} must be false`,
        );
      }
    },
  },
  {
    id: 'luks/created-in-clusters',
    title:
      'The keys of a new image begin a cluster and have all clusters up to their end for themselves, of any size',
    requirements: ['x-blockdev-create/qcow2-encrypt', 'x-blockdev-create/qcow2-cluster-size'],
    topology: secrets,
    needs: needs(creating, { ...volumeBytes, commands: ['x-blockdev-create'] }),
    async run(t: CaseContext) {
      for (const clusterSize of [1024, 1024 * KiB]) {
        const encrypt = { ...KEY.encrypt, 'iter-time': 1, 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc' };
        const file = await createQcow2(t, { size: CHAIN_SIZE, 'cluster-size': clusterSize, encrypt });
        const made = await bytesOf(t, file.local);
        const place = placeOfKeys(t, made);
        const [start, length] = [Number(place.readBigUInt64BE(0)), Number(place.readBigUInt64BE(8))];
        const end = Math.ceil((start + length) / clusterSize) * clusterSize;
        t.equal(start % clusterSize, 0, 'the keys must begin a cluster');
        t.check(
          made.length >= end && made.subarray(start + length, end).every((byte) => byte === 0),
          'the clusters of the keys must be in the file whole, with zeroes behind the keys',
          'they are not',
        );
        const node = qcow2Node(t, file);
        await t.execute('blockdev-add', node);
        await writeNode(t, node['node-name'], 0, 4 * KiB, 1);
        await release(t, [node['node-name']]);
        const written = await bytesOf(t, file.local);
        t.check(
          placeOf(written, 0)! >= end || placeOf(written, 0)! < start,
          'data must not be put into clusters of the keys',
          `they are at ${placeOf(written, 0)}`,
        );
        t.check(unlocked(keysOf(t, written), PASSPHRASE) !== null, 'the keys must stay whole', 'they do not');
      }
    },
  },
  {
    id: 'luks/created-with-others',
    title:
      'A new image is encrypted in version 2, over a backing file and with preallocation, whose zeroes are too',
    requirements: ['x-blockdev-create/qcow2-encrypt', 'PreallocMode/full'],
    topology: secrets,
    needs: needs(creating, { ...volumeBytes, commands: ['x-blockdev-create'] }),
    async run(t: CaseContext) {
      const below = await makeFile(t, CHAIN_SIZE);
      for (const options of [
        { version: 'v2' },
        { 'backing-file': below.path, 'backing-fmt': 'raw' },
        { preallocation: 'full' },
      ]) {
        const encrypt = { ...KEY.encrypt, 'iter-time': 1, 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc' };
        const file = await createQcow2(t, { size: CHAIN_SIZE, ...options, encrypt });
        const made = parseQcow2Header(await bytesOf(t, file.local));
        t.equal(made.encryption, 2, 'the header must tell that the image is encrypted with the keys in it');
        const node = qcow2Node(t, file);
        await t.execute('blockdev-add', node);
        t.check(
          (await readNode(t, node['node-name'], 0, CHAIN_SIZE)).every((byte) => byte === 0),
          'a new image must read as zeroes',
          'it reads as something else',
        );
        await release(t, [node['node-name']]);
      }
    },
  },
];
