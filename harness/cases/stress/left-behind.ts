/** What a qcow2 image must be when its endpoint has closed it: sound to the last count, and as full as it needs to be. */

import { qcow2Faults } from '../../qcow2/qcow2-faults.ts';
import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import { storedSnapshots } from '../../qcow2/snapshot-table.ts';
import type { CaseContext } from '../case.ts';
import { decrypted } from '../helpers/made-luks.ts';
import { contentAbove, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { checkBytes } from './disk-series.ts';

/** States that nothing is wrong with the image, not even a cluster that nobody needs. */
export function checkSound(t: CaseContext, image: Buffer): void {
  t.equal(
    qcow2Faults(image).map(({ text }) => text),
    [],
    'an image that was closed must be sound',
  );
}

/** What is needed to tell what a guest reads of an image. */
interface Reading {
  readonly below?: Buffer | null;
  /** The image is encrypted, with the key of `made-luks.ts`. */
  readonly isEncrypted?: boolean;
}

/** What a guest reads of an image. */
export function contentOf(image: Buffer, { below = null, isEncrypted = false }: Reading = {}): Buffer {
  return contentAbove(
    parseQcow2(image),
    below,
    isEncrypted ? (stored, index) => decrypted(stored, placeOf(image, index)!) : undefined,
  );
}

/** States that an image holds these bytes. */
export function checkHolds(t: CaseContext, image: Buffer, expected: Buffer, reading: Reading): void {
  checkBytes(t, contentOf(image, reading), expected, 'what the closed image holds');
}

/** The same image with the disk as it was when that snapshot was taken; null if it has no such. */
export function asOf(image: Buffer, name: string): Buffer | null {
  const header = parseQcow2Header(image);
  const found = [...storedSnapshots(image, header)].find((snapshot) => snapshot.name === name);
  if (found === undefined) return null;
  const then = Buffer.from(image);
  then.writeBigUInt64BE(BigInt(found.size ?? header.size), 24);
  then.writeUInt32BE(found.l1Size, 36);
  then.writeBigUInt64BE(BigInt(found.l1Offset), 40);
  return then;
}
