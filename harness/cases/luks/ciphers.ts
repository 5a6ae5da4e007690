/**
 * LUKS volumes of every cipher, mode, vector and hash. What Node's crypto has is worked out by `aes-sectors.ts`; for other
 * ciphers there are known answers, which QEMU gives too: the key material is stored as zeroes, so that what the cipher makes
 * of hundreds of sectors decides about the volume's key, and that about all that is read and written.
 */
import { createHash } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { aesSectors } from '../helpers/aes-sectors.ts';
import { release } from '../helpers/backing-chains.ts';
import { type LuksShape, luksKey, luksVolume } from '../helpers/made-luks.ts';
import { openIo } from '../helpers/node-io.ts';
import { makeFile } from '../helpers/shared-setup.ts';
import { secrets } from '../images/keys-and-secrets.ts';
import { checkVolume, type Expected, openVolume, PASSPHRASE, SIZE, volumeBytes } from './volumes.ts';

/** A volume whose key material is zeroes, and what comes of it, in hexadecimal digits. */
interface KnownAnswer {
  readonly mode: string;
  readonly keyBytes: number;
  readonly hash: string;
  /** Of the key, as the header has it. */
  readonly digest: string;
  /** First half of the SHA-256 of what is read, and of what is stored. */
  readonly plain: string;
  readonly stored: string;
}

const ANSWERS = {
  serpent: {
    mode: 'ecb-plain',
    keyBytes: 32,
    hash: 'md5',
    digest: 'cf080c28d1856a2e3cde0e0283a08158240d2724',
    plain: 'f58923b1f6a2931d20fe893c5227eb02',
    stored: '353f83474236f259b31d6bc67e0fb5af',
  },
  'serpent-xts': {
    mode: 'xts-plain64',
    keyBytes: 32,
    hash: 'sha224',
    digest: 'a07ae378530cfabb73a83f91d106b3cb9c138237',
    plain: 'fea8fb78b4320d623dd54e9bfc69fb8d',
    stored: 'f42bb93715dc2698d167681cd50742e4',
  },
  twofish: {
    mode: 'cbc-plain',
    keyBytes: 16,
    hash: 'ripemd160',
    digest: 'c77a4a8a8b74628ec6315b43f51a0fe8b1523ba7',
    plain: '0f3800aa1bce7dc7ff23a65d6fcdda0a',
    stored: 'e082ce8cf34fd629d693dead61dc862e',
  },
  'twofish-ctr': {
    mode: 'ctr-essiv:sha256',
    keyBytes: 32,
    hash: 'sha384',
    digest: '0268b09e2c6190886ae69690601ac926c41419d6',
    plain: 'e2f25cf16be1b44e18f34bdfc53e820a',
    stored: '7ab0d06ce28c6821c51fba7782f5d8cd',
  },
  cast5: {
    mode: 'cbc-essiv:md5',
    keyBytes: 16,
    hash: 'sha512',
    digest: '99289ce3dbf84922a1728a784c62a746a3256b80',
    plain: 'bc118751a257996c7e888968258660f3',
    stored: '83e25c58bef8b2c9a6fafea49f7a1a60',
  },
} as const satisfies Readonly<Record<string, KnownAnswer>>;

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

function knownAnswer(what: keyof typeof ANSWERS, title: string): CaseDefinition {
  const { mode, keyBytes, hash, digest, plain, stored } = ANSWERS[what];
  const [cipher] = what.split('-');
  return {
    id: `luks/${what}`,
    title: `A volume encrypted with ${title} opens, and is read and written as a known answer asks`,
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumeBytes,
    async run(t: CaseContext) {
      const few = { iterations: 7, digestIterations: 5 };
      const shape = { cipher: cipher!, mode, keyBytes, hash, ...few, digest: Buffer.from(digest, 'hex') };
      await checkVolume(t, shape, {
        isPlain: (bytes) => digestOf(bytes) === plain,
        isStored: (bytes) => digestOf(bytes) === stored,
      });
    },
  };
}

/** What a volume encrypted with AES must hold. */
function byAes({ mode, keyBytes }: Required<Pick<LuksShape, 'mode' | 'keyBytes'>>): Expected {
  const volume = { key: luksKey(keyBytes), mode };
  const plain = aesSectors(volume, Buffer.alloc(SIZE), 0, 'decrypt');
  const stored = aesSectors(volume, Buffer.alloc(SIZE, 0x5a), 0, 'encrypt');
  return { isPlain: (bytes) => bytes.equals(plain), isStored: (bytes) => bytes.equals(stored) };
}

/** The number of a sector that vectors of 32 bits do not reach. */
const FAR = 2 ** 32 + 3;
const SECTOR = 512;

export const cipherCases: readonly CaseDefinition[] = [
  knownAnswer('serpent', 'Serpent and a key of 256 bits in mode ecb'),
  knownAnswer('serpent-xts', 'Serpent and keys of 128 bits in mode xts'),
  knownAnswer('twofish', 'Twofish and a key of 128 bits in mode cbc'),
  knownAnswer('twofish-ctr', 'Twofish and a key of 256 bits in mode ctr'),
  knownAnswer('cast5', 'CAST5 in mode cbc with encrypted vectors'),
  {
    id: 'luks/aes',
    title: 'Volumes encrypted with AES open, and are read and written as the mode in the header asks',
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumeBytes,
    async run(t: CaseContext) {
      for (const shape of [
        { mode: 'ecb-plain', keyBytes: 16, hash: 'sha256' },
        { mode: 'cbc-essiv:md5', keyBytes: 16, hash: 'sha1' },
        { mode: 'ctr-essiv:sha256', keyBytes: 32, hash: 'sha256' },
      ])
        await checkVolume(t, { ...shape, iterations: 3, digestIterations: 2 }, byAes(shape));
    },
  },
  {
    id: 'luks/far-sectors',
    title: 'Beyond two tebibytes vectors plain begin anew, and vectors plain64 go on',
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumeBytes,
    async run(t: CaseContext) {
      const zeroes = Buffer.alloc(2 * SECTOR);
      for (const mode of ['cbc-plain', 'cbc-plain64']) {
        const shape = { mode, keyBytes: 16, iterations: 1, passphrases: { 0: PASSPHRASE } };
        const header = luksVolume(shape);
        const file = await makeFile(t, header);
        const offset = FAR * SECTOR;
        await truncate(file.local, header.length + offset + zeroes.length);
        const node = await openVolume(t, file);
        const guest = await openIo(t, node);
        const volume = { key: luksKey(shape.keyBytes), mode };
        t.check(
          (await guest.read(offset, zeroes.length)).equals(aesSectors(volume, zeroes, offset, 'decrypt')),
          `a sector far from the start must be decrypted by its vector in mode ${mode}`,
          'it reads as something else',
        );
        await guest.close();
        await release(t, [node]);
      }
    },
  },
];
