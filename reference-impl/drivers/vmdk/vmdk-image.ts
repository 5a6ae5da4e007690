/** A VMDK image that is open: its descriptor, and the extents that its disk consists of. */
import type { JsonObject } from '../../../spec/json.ts';
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { BackingName, BlockStatus, ChildHandle, OpenEnvironment } from '../driver.ts';
import { Descriptor } from './vmdk-descriptor.ts';
import { type Extent, flatExtent, type Parent, sparseExtent } from './vmdk-extents.ts';
import { isSparse, readSparseHeader, SECTOR } from './vmdk-header.ts';

/** Bytes of a descriptor; what follows does not count. */
const MAX_DESCRIPTOR = 2 ** 20;
const MAX_EXTENTS = 4096;

type Environment = Pick<
  OpenEnvironment,
  'child' | 'childBeside' | 'filenameOf' | 'readOnly' | 'backing' | 'random'
>;

interface DescriptorPlace {
  readonly file: ChildHandle;
  /** Bytes. */
  readonly offset: number;
  /** Bytes that it may take. */
  readonly length: number;
}

export class VmdkImage {
  readonly extents: readonly Extent[];
  readonly parentCid: number;
  readonly createType: string | undefined;
  readonly backing: BackingName | undefined;
  readonly #descriptor: Descriptor;
  readonly #place: DescriptorPlace;
  readonly #random: () => number;
  #cid: number;
  /** The content id is to be another when the contents are; it is from the first write on. */
  #renewing: Promise<void> | undefined;

  private constructor(
    environment: Environment,
    descriptor: Descriptor,
    place: DescriptorPlace,
    extents: readonly Extent[],
  ) {
    this.extents = extents;
    this.#descriptor = descriptor;
    this.#place = place;
    this.#random = environment.random;
    this.#cid = descriptor.cid;
    this.parentCid = descriptor.parentCid;
    this.createType = descriptor.createType;
    const name = descriptor.parentName;
    this.backing = name === undefined ? undefined : { name };
  }

  /** Throws `CommandError`, or `IoError`. */
  static async open(environment: Environment): Promise<VmdkImage> {
    const file = await environment.child('file');
    if (file.length() < 4) throw new CommandError('File is too small, not a valid image');
    const start = new Uint8Array(SECTOR);
    await file.read(0, start);
    if (!isSparse(start)) return VmdkImage.#openSplit(environment, file);
    const header = await readSparseHeader(file, !environment.readOnly);
    const place = {
      file,
      offset: header.descriptorOffset * SECTOR,
      length: Math.min(header.descriptorSize * SECTOR, MAX_DESCRIPTOR),
    };
    const descriptor = await readDescriptor(place);
    if (header.capacity === 0) {
      const extents = await openExtents(environment, descriptor);
      return new VmdkImage(environment, descriptor, place, extents);
    }
    const extent = sparseExtent(
      { file, filename: environment.filenameOf('file'), format: '' },
      header,
      parentFrom(environment, descriptor.parentCid, 0),
    );
    return new VmdkImage(environment, descriptor, place, [extent]);
  }

  /** The file is a descriptor, and the disk lies in others. */
  static async #openSplit(environment: Environment, file: ChildHandle): Promise<VmdkImage> {
    const place = { file, offset: 0, length: MAX_DESCRIPTOR };
    const descriptor = await readDescriptor(place);
    return new VmdkImage(environment, descriptor, place, await openExtents(environment, descriptor));
  }

  /** Bytes. */
  get length(): number {
    return this.extents.reduce((sum, extent) => sum + extent.length, 0);
  }

  get cid(): number {
    return this.#cid;
  }

  /** Every file that holds a part of the image. */
  get files(): ReadonlySet<ChildHandle> {
    return new Set([this.#place.file, ...this.extents.map(({ file }) => file)]);
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    await this.#split(offset, buffer.length, (extent, at, from, to) =>
      extent.read(at, buffer.subarray(from, to)),
    );
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#renewCid();
    await this.#split(offset, data.length, (extent, at, from, to) =>
      extent.write(at, data.subarray(from, to)),
    );
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#renewCid();
    await this.#split(offset, length, (extent, at, from, to) => extent.writeZeroes(at, to - from));
  }

  async blockStatus(offset: number, length: number): Promise<BlockStatus> {
    const { extent, at } = this.#find(offset);
    const status = await extent.blockStatus(at, Math.min(length, extent.length - at));
    if (extent.file === this.#place.file) return status;
    // The place is one in another file than the node's.
    const { offset: _, ...rest } = status;
    return rest;
  }

  extentInfo(): JsonObject[] {
    return this.extents.map(({ filename, format, length, grain, isCompressed }) => ({
      filename,
      format,
      'virtual-size': length,
      ...(grain > 0 && { 'cluster-size': grain }),
      ...(isCompressed && { compressed: true }),
    }));
  }

  #find(offset: number): { extent: Extent; at: number } {
    let at = offset;
    for (const extent of this.extents) {
      if (at < extent.length) return { extent, at };
      at -= extent.length;
    }
    throw new IoError('EIO');
  }

  async #split(
    offset: number,
    length: number,
    work: (extent: Extent, at: number, from: number, to: number) => Promise<void>,
  ): Promise<void> {
    for (let done = 0; done < length; ) {
      const { extent, at } = this.#find(offset + done);
      const end = Math.min(length, done + extent.length - at);
      await work(extent, at, done, end);
      done = end;
    }
  }

  async #renewCid(): Promise<void> {
    this.#renewing ??= this.#writeCid().catch((error: unknown) => {
      this.#renewing = undefined;
      throw error;
    });
    await this.#renewing;
  }

  async #writeCid(): Promise<void> {
    const { file, offset, length } = this.#place;
    const cid = this.#random();
    await file.write(offset, this.#descriptor.withCid(cid, length));
    this.#cid = cid;
  }
}

async function readDescriptor({ file, offset, length }: DescriptorPlace): Promise<Descriptor> {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.length() - offset)));
  if (offset > 0 || bytes.length > 0) await file.read(offset, bytes);
  return new Descriptor(bytes);
}

async function openExtents(environment: Environment, descriptor: Descriptor): Promise<Extent[]> {
  const lines = descriptor.extents();
  if (lines.length > MAX_EXTENTS) throw new CommandError('invalid VMDK image descriptor');
  const extents: Extent[] = [];
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const name = `extents.${index}`;
    const file = await environment.childBeside(name, line.filename);
    const place = { file, filename: environment.filenameOf(name), format: line.format };
    const extent =
      line.kind === 'flat'
        ? flatExtent(place, line.offset * SECTOR, line.sectors * SECTOR)
        : sparseExtent(
            place,
            await readSparseHeader(file, !environment.readOnly),
            parentFrom(environment, descriptor.parentCid, start),
          );
    extents.push(extent);
    start += extent.length;
  }
  return extents;
}

/** The disk below from a place on. It was another one if its content id is not the one that the image remembers. */
function parentFrom({ backing }: Environment, parentCid: number, start: number) {
  return (): Parent | undefined => {
    const below = backing();
    if (!below) return undefined;
    const check = () => {
      if ((below.info()?.contentId ?? parentCid) !== parentCid) throw new IoError('EINVAL');
    };
    return {
      check,
      length: () => Math.max(0, below.length() - start),
      read: async (offset, buffer) => {
        check();
        await below.read(start + offset, buffer);
      },
    };
  };
}
