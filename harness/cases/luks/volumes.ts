/** What the cases of LUKS volumes share: volumes that the secret `sec0` opens, as nodes and as what they hold. */
import { truncate } from 'node:fs/promises';
import type { CaseContext, Needs } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { bytesAt } from '../helpers/image-files.ts';
import { type LuksShape, luksVolume, parseLuks } from '../helpers/made-luks.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { type CaseFile, checkClass, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { nodeOver } from '../images/keys-and-secrets.ts';

/** The passphrase of the secret `sec0`. */
export const PASSPHRASE = 'abcdef';
/** Bytes of the volumes that are read and written whole. */
export const SIZE = 4 * KiB;
/** What is written all over them. */
const FILL = 0x5a;

/** What a case uses that opens volumes of its own. */
export const volumes: Needs = needs(fileNodes, { drivers: ['luks'], capabilities: ['owned'] });
/** The same of a case that reads and writes them. */
export const volumeBytes: Needs = { ...volumes, ...nodeBytes };

/** Opens the volume with the secret `key`. Ends the case as skipped where the endpoint lacks what the volume takes. */
export async function openVolume(t: CaseContext, file: CaseFile, key = 'sec0'): Promise<string> {
  const node = nodeOver(t, 'luks', file, { 'key-secret': key });
  const { error } = await t.request({ execute: 'blockdev-add', arguments: node });
  if (error === undefined) return node['node-name'];
  checkClass(t, error, ['GenericError']);
  if (/not supported/.test(String(error.desc))) t.skip(`needs a cipher or hash: ${String(error.desc)}`);
  t.fail('a volume must open with its secret', `it is refused: ${String(error.desc)}`);
}

/** States that the secret does not open the volume. */
export async function refusesVolume(t: CaseContext, file: CaseFile, key = 'sec0'): Promise<void> {
  await t.refused('blockdev-add', nodeOver(t, 'luks', file, { 'key-secret': key }));
}

/** What a volume must hold. */
export interface Expected {
  /** Whether a guest's bytes, where zeroes are stored, are the right ones. */
  readonly isPlain: (bytes: Buffer) => boolean;
  /** Whether what is stored of the byte 0x5a all over the volume is right. */
  readonly isStored: (bytes: Buffer) => boolean;
}

/** Opens a volume that stores zeroes, reads it, writes it, and looks at what is stored then. */
export async function checkVolume(t: CaseContext, shape: LuksShape, expected: Expected): Promise<void> {
  const bytes = luksVolume({ ...shape, passphrases: { 0: PASSPHRASE } });
  const file = await makeFile(t, bytes);
  await truncate(file.local, bytes.length + SIZE);
  const title = `a volume with ${shape.cipher ?? 'aes'} in mode ${shape.mode}`;
  const node = await openVolume(t, file);
  const guest = await openIo(t, node);
  t.check(
    expected.isPlain(await guest.read(0, SIZE)),
    `${title} must be decrypted when it is read`,
    'it reads as something else',
  );
  await guest.perform({ kind: 'write', offset: 0, length: SIZE, byte: FILL });
  t.check(
    (await guest.read(0, SIZE)).equals(Buffer.alloc(SIZE, FILL)),
    `${title} must read as what was written`,
    'it reads as something else',
  );
  await guest.close();
  await release(t, [node]);
  const stored = await bytesAt(t, file.local, parseLuks(bytes).payloadOffset, SIZE);
  t.check(
    expected.isStored(stored),
    `${title} must store what was written in its own way`,
    'it stores something else',
  );
}
