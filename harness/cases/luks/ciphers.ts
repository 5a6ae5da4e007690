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

const ANSWERS: Readonly<Record<string, readonly KnownAnswer[]>> = {
  serpent: [
    {
      mode: 'ecb-plain',
      keyBytes: 16,
      hash: 'md5',
      digest: '65951378d2c7e15f68775af3b1529eed4bb559ce',
      plain: 'd92f419b38c279383616d060b5a1c937',
      stored: '1bb71f529472643659c75d63c07189f6',
    },
    {
      mode: 'xts-plain64',
      keyBytes: 48,
      hash: 'sha256',
      digest: '9910094c1c9e20e5230c7e07262b6b12e59eee50',
      plain: '22d0c8839f64e8035938a60721977e1d',
      stored: '8bda7ef1ef7209eb2b30c987521e3907',
    },
    {
      mode: 'cbc-essiv:sha256',
      keyBytes: 32,
      hash: 'sha1',
      digest: '7bd06528a357a9dc4ff500673fc9aaa2d17729c4',
      plain: '4a06360d9cf849456c5956d44f8e3a11',
      stored: '11e1e4d21e166afd1d0f6247c986c3fe',
    },
  ],
  twofish: [
    {
      mode: 'cbc-plain',
      keyBytes: 16,
      hash: 'ripemd160',
      digest: 'c77a4a8a8b74628ec6315b43f51a0fe8b1523ba7',
      plain: 'e4e7b0be9f1049a55e556567ef6049d9',
      stored: 'ee45117113d235708608165f87ad4cd7',
    },
    {
      mode: 'xts-plain64',
      keyBytes: 48,
      hash: 'sha224',
      digest: '051bcb0e352edc49f984840154ad28914c403a62',
      plain: '2a269236ad79824dfdca3ce7e52c8617',
      stored: '9f351310b7b942484d2a78647e25805a',
    },
    {
      mode: 'ctr-essiv:sha256',
      keyBytes: 32,
      hash: 'sha384',
      digest: '0268b09e2c6190886ae69690601ac926c41419d6',
      plain: '1bce6a38635a94db9cb835accff93ec8',
      stored: 'd1c67cc7eec1257cf67144acd14f5198',
    },
  ],
  cast5: [
    {
      mode: 'ecb-plain64',
      keyBytes: 16,
      hash: 'sha512',
      digest: 'a50aeb6b194ecc078e7b67a03d6e626ae6262b6c',
      plain: '5dcacae8d7a4d2f6baf16834ea55605b',
      stored: 'ecca5d3e4ffcc6713709dfe8ae2345e6',
    },
    {
      mode: 'ctr-essiv:md5',
      keyBytes: 16,
      hash: 'sha256',
      digest: '5572864113bcab315f191e92ab395a8c5ec04ae7',
      plain: 'cbc7a04d12e5d3701717d0739dc6b358',
      stored: 'fe30ef57c1f7c2c2ab4038d88f6e29bf',
    },
    {
      mode: 'cbc-plain64',
      keyBytes: 16,
      hash: 'sha1',
      digest: '810b3b2844217394401fdfe5f638039b7c27811f',
      plain: '84d20c8a4ad16ea59f71c7c98b70d4a6',
      stored: '3eab9d874a009e885f87868b7df6e184',
    },
  ],
};

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32);

function knownAnswers(cipher: 'serpent' | 'twofish' | 'cast5', title: string): CaseDefinition {
  return {
    id: `luks/${cipher}`,
    title: `Volumes encrypted with ${title} open, and are read and written as known answers ask, whatever the mode`,
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumeBytes,
    async run(t: CaseContext) {
      for (const { mode, keyBytes, hash, digest, plain, stored } of ANSWERS[cipher]!) {
        const few = { iterations: 7, digestIterations: 5 };
        const shape = { cipher, mode, keyBytes, hash, ...few, digest: Buffer.from(digest, 'hex') };
        await checkVolume(t, shape, {
          isPlain: (bytes) => digestOf(bytes) === plain,
          isStored: (bytes) => digestOf(bytes) === stored,
        });
      }
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
  knownAnswers('serpent', 'Serpent'),
  knownAnswers('twofish', 'Twofish'),
  knownAnswers('cast5', 'CAST5'),
  {
    id: 'luks/aes',
    title: 'Volumes encrypted with AES open, and are read and written as the mode in the header asks',
    requirements: ['luks/key-secret'],
    topology: secrets,
    needs: volumeBytes,
    async run(t: CaseContext) {
      for (const shape of [
        { mode: 'ecb-plain', keyBytes: 16 },
        { mode: 'cbc-essiv:md5', keyBytes: 16 },
        { mode: 'ctr-essiv:sha256', keyBytes: 32 },
        { mode: 'xts-plain', keyBytes: 32 },
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
