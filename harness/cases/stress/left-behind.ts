/** What a qcow2 image must be when its endpoint has closed it: sound to the last count, and as full as it needs to be. */

import { qcow2Faults } from '../../qcow2/qcow2-faults.ts';
import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import type { CaseContext } from '../case.ts';
import { decrypted } from '../helpers/made-luks.ts';
import { contentAbove, parseQcow2, placeOf } from '../helpers/qcow2-image.ts';
import { checkBytes } from './disk-series.ts';

const SNAPSHOT_HEADER = 40;

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
  const { snapshots, snapshotsOffset } = parseQcow2Header(image);
  let at = snapshotsOffset;
  for (let index = 0; index < snapshots; index += 1) {
    const [idLength, nameLength] = [image.readUInt16BE(at + 12), image.readUInt16BE(at + 14)];
    const nameAt = at + SNAPSHOT_HEADER + image.readUInt32BE(at + 36) + idLength;
    if (image.toString('utf8', nameAt, nameAt + nameLength) === name) {
      const then = Buffer.from(image);
      image.copy(then, 40, at, at + 8);
      image.copy(then, 36, at + 8, at + 12);
      // behind the size of a machine's state, where the entry has it
      if (image.readUInt32BE(at + 36) >= 16)
        image.copy(then, 24, at + SNAPSHOT_HEADER + 8, at + SNAPSHOT_HEADER + 16);
      return then;
    }
    at = Math.ceil((nameAt + nameLength) / 8) * 8;
  }
  return null;
}
