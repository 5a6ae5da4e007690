/** Makes a new image in an existing file (`x-blockdev-create`, branch `qcow2`). */
import type { PreallocMode, QCryptoBlockCreateOptions } from '../../../spec/generated/qmp.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { BackingName, ChildHandle, CreateEnvironment } from '../driver.ts';
import { changeBackingFile } from './backing-file.ts';
import { encrypt } from './encryption.ts';
import { Compatible, featureNamesExtension, type Header, serialiseHeader } from './header.ts';
import { Image } from './image.ts';
import { imageOptions } from './qcow2-options.ts';
import { resize } from './resize.ts';
import { write } from './writing.ts';

/** What a new image is to be, with defaults filled in. */
export interface NewImage {
  /** Bytes. */
  readonly size: number;
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly refcountOrder: number;
  readonly lazyRefcounts: boolean;
  readonly backing: BackingName | undefined;
  readonly preallocation: PreallocMode;
  readonly encrypt: QCryptoBlockCreateOptions | undefined;
}

/**
 * Layout: header, refcount table and first refcount block in the first three clusters, then whatever the size needs.
 * Throws `CommandError`; the file's old contents are gone by then.
 */
export async function create(
  file: ChildHandle,
  options: NewImage,
  environment: CreateEnvironment,
  random: (bytes: number) => Uint8Array,
): Promise<void> {
  const clusterSize = 2 ** options.clusterBits;
  const header: Header = {
    version: options.version,
    clusterBits: options.clusterBits,
    size: 0,
    encryption: 'none',
    refcountOrder: options.refcountOrder,
    l1Size: 0,
    l1Offset: 0,
    refcountTableOffset: clusterSize,
    refcountTableClusters: 1,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatible: 0n,
    compatible: options.lazyRefcounts ? BigInt(Compatible.lazyRefcounts) : 0n,
    autoclear: 0n,
    backing: undefined,
    bitmaps: undefined,
    luksHeader: undefined,
    extraFields: new Uint8Array(),
    otherExtensions: options.version === 3 ? [featureNamesExtension()] : [],
  };
  await file.truncate(0);
  await file.write(0, serialiseHeader(header));
  const table = new Uint8Array(2 * clusterSize);
  new DataView(table.buffer).setBigUint64(0, BigInt(2 * clusterSize));
  await file.write(clusterSize, table);

  const image = await Image.open({
    file,
    writable: true,
    backing: () => undefined,
    corrupted: () => undefined,
    options: (found) => imageOptions({ 'overlap-check': 'none' }, found),
    cipher: () => Promise.resolve(undefined),
  });
  await image.refcounts.change(0, 3, 1);
  try {
    if (options.size >= 2 ** 63) throw new CommandError('Image size cannot be negative');
    await resize(image, options.size);
  } catch (error) {
    if (error instanceof CommandError) throw new CommandError(`Could not resize image: ${error.message}`);
    throw error;
  }
  if (options.backing) await assignBacking(image, options.backing);
  if (options.encrypt) await encrypt(image, options.encrypt, environment, random);
  if (options.preallocation === 'metadata') await placeClusters(image);
  else if (options.preallocation !== 'off') await preallocate(image);
  await image.close();
}

async function assignBacking(image: Image, backing: BackingName): Promise<void> {
  try {
    await changeBackingFile(image, backing);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    const format = backing.format ?? '(null)';
    throw new CommandError(
      `Could not assign backing file '${backing.name}' with format '${format}': ${error.message}`,
    );
  }
}

/** Gives every cluster its place. Node can reserve no space without writing it, so zeroes are written throughout. */
async function preallocate(image: Image): Promise<void> {
  const { clusterSize, size } = image;
  const zeroes = new Uint8Array(clusterSize);
  for (let at = 0; at < size; at += clusterSize) await write(image, at, zeroes.subarray(0, size - at));
}

/** Gives every cluster its place, and none its space: the file grows by a hole. */
async function placeClusters(image: Image): Promise<void> {
  const { clusterSize, mapping, refcounts } = image;
  const clusters = Math.ceil(image.size / clusterSize);
  let end = 0;
  for (let first = 0; first < clusters; ) {
    const count = Math.min(clusters, (Math.floor(first / mapping.perTable) + 1) * mapping.perTable) - first;
    await mapping.prepare(first);
    const host = await refcounts.allocate(count);
    await mapping.set(first, count, (index) => ({
      kind: 'data',
      offset: host + index * clusterSize,
      copied: true,
    }));
    end = host + count * clusterSize;
    first += count;
  }
  await image.file.truncate(Math.max(end, image.file.length()));
}
