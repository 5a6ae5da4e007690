/** Encryption of new images: what the options of LUKS leave in the header of keys. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE } from '../helpers/backing-chains.ts';
import { checkOpens, createImage } from '../helpers/created-images.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { makeFile } from '../helpers/shared-setup.ts';
import { creating, keysOf, secrets } from './keys-and-secrets.ts';

/** What the header of keys says. */
interface KeyHeader {
  readonly cipher: string;
  readonly mode: string;
  readonly hash: string;
  readonly keyBytes: number;
  /** Of the one passphrase. */
  readonly iterations: number;
}

/** Makes an encrypted image, opens it, and gives what its header of keys says. */
async function headerOf(t: CaseContext, options: JsonObject): Promise<KeyHeader> {
  const file = await makeFile(t, 0);
  const image = { driver: 'qcow2', file: { driver: 'file', filename: file.path }, size: CHAIN_SIZE };
  const encrypt = { format: 'luks', 'key-secret': 'sec0' };
  await createImage(t, { ...image, encrypt: { ...encrypt, 'iter-time': 1, ...options } });
  await checkOpens(t, image, { 'read-only': true, encrypt });
  const header = keysOf(t, await bytesOf(t, file.local));
  const text = (at: number): string => header.toString('latin1', at, at + 32).replace(/\0.*$/s, '');
  return {
    cipher: text(8),
    mode: text(40),
    hash: text(72),
    keyBytes: header.readUInt32BE(108),
    iterations: header.readUInt32BE(212),
  };
}

/** The cases of these options. */
export const luksOptions: readonly CaseDefinition[] = [
  {
    id: 'encryption/luks-defaults',
    title:
      'A new image is encrypted with aes-256 in mode xts, with vectors plain64 and hash sha256, by default',
    requirements: ['x-blockdev-create/luks-defaults'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      t.contains(
        { ...(await headerOf(t, {})) },
        { cipher: 'aes', mode: 'xts-plain64', hash: 'sha256', keyBytes: 64 },
        'the header of keys must say the defaults',
      );
    },
  },
  {
    id: 'encryption/luks-options',
    title: 'Cipher, mode, vectors and hashes of a new image are those that were given, and it opens',
    requirements: ['x-blockdev-create/luks-options'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      for (const [options, header] of [
        [
          { 'cipher-alg': 'aes-128', 'hash-alg': 'sha512' },
          { cipher: 'aes', keyBytes: 32, hash: 'sha512' },
        ],
        [
          { 'cipher-alg': 'aes-192', 'cipher-mode': 'cbc', 'ivgen-alg': 'plain' },
          { mode: 'cbc-plain', keyBytes: 24 },
        ],
        [
          { 'cipher-mode': 'cbc', 'ivgen-alg': 'essiv', 'ivgen-hash-alg': 'sha256' },
          { mode: 'cbc-essiv:sha256', keyBytes: 32 },
        ],
      ] as const)
        t.contains(
          { ...(await headerOf(t, { ...options })) },
          header,
          'the header of keys must say what was given',
        );
    },
  },
  {
    id: 'encryption/luks-iter-time',
    title: 'The longer iter-time is, the more iterations the header of keys asks for',
    requirements: ['x-blockdev-create/luks-iter-time'],
    topology: secrets,
    needs: creating,
    async run(t: CaseContext) {
      const [short, long] = [await headerOf(t, { 'iter-time': 10 }), await headerOf(t, { 'iter-time': 40 })];
      t.check(
        long.iterations > 2 * short.iterations,
        'four times the time must give more than twice the iterations',
        `they are ${short.iterations} and ${long.iterations}`,
      );
    },
  },
];
