/** Headers of keys that an endpoint makes: read field by field, unlocked, and used on what it stored. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { aesSectors } from '../helpers/aes-sectors.ts';
import { CHAIN_SIZE, release } from '../helpers/backing-chains.ts';
import { createImage, createQcow2, creationRefused } from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { type LuksHeader, parseLuks, unlocked } from '../helpers/made-luks.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { KiB, makeFile } from '../helpers/shared-setup.ts';
import { creating, keysOf, nodeOver, placeOfKeys, secrets } from '../images/keys-and-secrets.ts';
import { PASSPHRASE } from './volumes.ts';

const KEY = { format: 'luks', 'key-secret': 'sec0' };
const SLOTS = 8;
const MATERIAL_AT = 4096;
/** Of keys with 32 bytes in 4000 stripes, as a whole number of 4 KiB. */
const MATERIAL = 128_000;
/** As few iterations as the format knows. */
const LEAST = 1000;

async function encrypted(t: CaseContext, options: JsonObject) {
  const file = await createQcow2(t, { size: CHAIN_SIZE, encrypt: { ...KEY, 'iter-time': 1, ...options } });
  const keys = keysOf(t, await bytesOf(t, file.local));
  return { file, keys, header: parseLuks(keys) };
}

/** The parts of a header that are the same whenever such an image is made. */
function shapeOf({ version, cipher, mode, hash, keyBytes, payloadOffset, slots }: LuksHeader) {
  const places = slots.map(({ active, offset, stripes }) => ({ active, offset, stripes }));
  return { version, cipher, mode, hash, keyBytes, payloadOffset, slots: places };
}

/** The parts that are chosen at random, in hexadecimal digits. */
function randomOf(keys: Buffer, { digestSalt, uuid, slots }: LuksHeader): string[] {
  const stripes = keys.subarray(MATERIAL_AT, MATERIAL_AT + MATERIAL);
  return [digestSalt, slots[0]!.salt, stripes, Buffer.from(uuid)].map((part) => part.toString('hex'));
}

/** What is written to an image made with these options is stored under the key that its header holds. */
function contentCase(what: string, how: string, options: JsonObject): CaseDefinition {
  return {
    id: `luks/created-${what}`,
    title: `What is written to a new image encrypted ${how} is stored under the key in its header, and read again`,
    requirements: ['x-blockdev-create/qcow2-encrypt', 'qcow2/encrypt-luks'],
    topology: secrets,
    needs: { ...creating, ...nodeBytes },
    async run(t: CaseContext) {
      const { file, keys, header } = await encrypted(t, { 'cipher-alg': 'aes-128', ...options });
      const node = nodeOver(t, 'qcow2', file, { encrypt: KEY });
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name']);
      await guest.perform({ kind: 'write', offset: 0, length: 4 * KiB, byte: 0x21 });
      await guest.perform({ kind: 'write', offset: 700, length: 1000, byte: 0x43 });
      const expected = Buffer.alloc(4 * KiB, 0x21).fill(0x43, 700, 1700);
      t.check(
        (await guest.read(0, 4 * KiB)).equals(expected),
        'what is written must be read again, also of parts of sectors',
        'it is not',
      );
      await guest.close();
      await release(t, [node['node-name']]);
      const bytes = await bytesOf(t, file.local);
      const key = unlocked(keys, PASSPHRASE);
      const stored = parseQcow2(bytes).cluster(0);
      t.check(
        key !== null && Buffer.isBuffer(stored),
        'the image must have a key, and the data',
        'it has not',
      );
      const { mode } = header;
      t.check(
        aesSectors({ key, mode }, stored.subarray(0, 4 * KiB), placeOf(bytes, 0)!, 'decrypt').equals(
          expected,
        ),
        `the file must hold the data as mode ${mode} encrypts it`,
        'it holds something else',
      );
    },
  };
}

export const createdKeys: readonly CaseDefinition[] = [
  {
    id: 'luks/created-header',
    title:
      'The header of keys of a new image has each field of the format, and one slot that the secret opens',
    requirements: ['x-blockdev-create/qcow2-encrypt', 'x-blockdev-create/luks-options'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const { file, keys, header } = await encrypted(t, { 'cipher-alg': 'aes-128', 'hash-alg': 'sha512' });
      const slotBytes = Math.ceil(MATERIAL / 4096) * 4096;
      t.equal(
        shapeOf(header),
        {
          version: 1,
          cipher: 'aes',
          mode: 'xts-plain64',
          hash: 'sha512',
          keyBytes: 32,
          payloadOffset: MATERIAL_AT + SLOTS * slotBytes,
          slots: Array.from({ length: SLOTS }, (_, slot) => ({
            active: slot === 0,
            offset: MATERIAL_AT + slot * slotBytes,
            stripes: 4000,
          })),
        },
        'the header must have the layout of the format, with key material from 4 KiB on',
      );
      t.equal(
        keys.toString('latin1', 0, 104),
        `LUKS\xba\xbe\0\x01${['aes', 'xts-plain64', 'sha512'].map((name) => name.padEnd(32, '\0')).join('')}`,
        'names in the header must be filled up with zeroes',
      );
      t.equal(keys.toString('latin1', 204, 208), '\0'.repeat(4), 'behind the UUID there must be zeroes');
      t.check(
        /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(header.uuid),
        'the volume must have a random UUID',
        `it is ${header.uuid}`,
      );
      t.equal(
        header.slots.slice(1).map(({ iterations, salt }) => [iterations, salt.equals(Buffer.alloc(32))]),
        Array.from({ length: SLOTS - 1 }, () => [0, true]),
        'a slot that nobody uses must have neither iterations nor salt',
      );
      t.check(unlocked(keys, PASSPHRASE) !== null, 'the passphrase must open the slot', 'it does not');
      t.check(unlocked(keys, 'other') === null, 'another passphrase must not open the slot', 'it does');
      t.equal(
        Number(placeOfKeys(t, await bytesOf(t, file.local)).readBigUInt64BE(8)),
        header.payloadOffset,
        'the image must tell how long the header of keys is, with all key material',
      );
    },
  },
  {
    id: 'luks/created-at-random',
    title: 'Two images made alike have keys, salts, key material and UUIDs of their own, all of them random',
    requirements: ['x-blockdev-create/qcow2-encrypt'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const seen = new Set<string>();
      for (let made = 0; made < 2; made += 1) {
        const { keys, header } = await encrypted(t, { 'cipher-alg': 'aes-128' });
        const key = unlocked(keys, PASSPHRASE);
        t.check(key !== null, 'the passphrase must open the slot', 'it does not');
        for (const part of [key.toString('hex'), ...randomOf(keys, header)]) {
          t.check(!seen.has(part), 'each key, salt, UUID and material must be a new one', 'one came twice');
          seen.add(part);
          const byteValues = new Set(part.match(/../g));
          t.check(byteValues.size > 5, 'what is chosen at random must not be uniform', 'it is');
        }
      }
    },
  },
  contentCase('content', 'in mode cbc', {
    'cipher-mode': 'cbc',
    'ivgen-alg': 'essiv',
    'ivgen-hash-alg': 'sha256',
  }),
  contentCase('content-ctr', 'in mode ctr', { 'cipher-mode': 'ctr', 'ivgen-alg': 'plain' }),
  contentCase('content-ecb', 'in mode ecb', { 'cipher-mode': 'ecb', 'ivgen-hash-alg': 'sha1' }),
  {
    id: 'luks/created-other-ciphers',
    title: 'New images are encrypted with Twofish and CAST5 as well, open so, and tell it',
    requirements: ['x-blockdev-create/luks-options', 'ImageInfoSpecificQCow2Encryption/luks'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      for (const [algorithm, cipher, mode, keyBytes] of [
        ['twofish-128', 'twofish', 'cbc', 16],
        ['cast5-128', 'cast5', 'ctr', 16],
      ] as const) {
        const { file, header } = await encrypted(t, { 'cipher-alg': algorithm, 'cipher-mode': mode });
        const { mode: described, ...rest } = header;
        t.equal(
          [rest.cipher, described, rest.keyBytes],
          [cipher, `${mode}-plain64`, keyBytes],
          'the header must name cipher, mode and vectors, and the size of the key',
        );
        const node = nodeOver(t, 'qcow2', file, { encrypt: KEY });
        await t.execute('blockdev-add', node);
        await release(t, [node['node-name']]);
      }
    },
  },
  {
    id: 'luks/creation-refused',
    title: 'No image is made with a cipher that there is not, or that does not go with its mode or vectors',
    requirements: ['x-blockdev-create/luks-options', 'x-blockdev-create/refuses'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const file = await makeFile(t, 0);
      const image = { driver: 'qcow2', file: { driver: 'file', filename: file.path }, size: CHAIN_SIZE };
      const encrypt = { ...KEY, 'iter-time': 1 };
      const essiv = { 'cipher-mode': 'cbc', 'ivgen-alg': 'essiv' };
      for (const options of [
        { 'cipher-alg': '3des', 'cipher-mode': 'cbc' },
        { 'cipher-alg': 'cast5-128' },
        { 'cipher-alg': 'cast5-128', ...essiv },
        { ...essiv, 'ivgen-hash-alg': 'sha1' },
        { 'iter-time': 2 ** 53 },
      ])
        await creationRefused(t, { ...image, encrypt: { ...encrypt, ...options } });
      await createImage(t, {
        ...image,
        encrypt: { ...encrypt, 'cipher-alg': 'cast5-128', 'cipher-mode': 'cbc' },
      });
    },
  },
  {
    id: 'luks/default-iter-time',
    title:
      'Without iter-time two seconds are meant, and however short it is, the format’s least iterations are made',
    requirements: ['x-blockdev-create/luks-iter-time'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const made = async (options: JsonObject): Promise<[slot: number, digest: number]> => {
        const encrypt = { ...KEY, 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc', ...options };
        const file = await createQcow2(t, { size: CHAIN_SIZE, encrypt });
        const { slots, digestIterations } = parseLuks(keysOf(t, await bytesOf(t, file.local)));
        return [slots[0]!.iterations, digestIterations];
      };
      t.equal(
        await made({ 'iter-time': 0 }),
        [LEAST, LEAST],
        'iterations must not be fewer than the format asks',
      );
      const [slot, digest] = await made({ 'iter-time': 100 });
      t.check(slot > digest && digest > LEAST, 'a passphrase must take longer than a digest', 'it does not');
      const [usual] = await made({});
      // Where the time is that of the host, how fast that is varies.
      const tenfold = t.virtualTime ? [2 * 10 * slot, 2 * 10 * slot] : [5 * slot, 80 * slot];
      t.check(
        usual >= tenfold[0]! && usual <= tenfold[1]!,
        'the default must come to as many iterations as two seconds',
        `it comes to ${usual}, and 100 ms to ${slot}`,
      );
    },
  },
];
