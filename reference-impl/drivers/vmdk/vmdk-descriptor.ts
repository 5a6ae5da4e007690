/** The descriptor of a VMDK image: a text that names the image's kind, its parent and its extents. */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';

/** The content id of a parent that is none. */
export const NO_PARENT = 0xffffffff;
/** Bytes that a descriptor is written with, at least, where it has room. */
export const DESCRIPTOR_BYTES = 20 * 512;

export interface ExtentLine {
  readonly kind: 'flat' | 'sparse';
  /** `FLAT`, `VMFS`, `SPARSE` … as it stands there. */
  readonly format: string;
  readonly sectors: number;
  readonly filename: string;
  /** Sectors of the file that come before. */
  readonly offset: number;
}

const IMAGE_TYPES = ['monolithicFlat', 'vmfs', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'];

/** A descriptor as it stands in the image. */
export class Descriptor {
  #text: string;

  /** What follows a NUL does not count. */
  constructor(bytes: Uint8Array) {
    const end = bytes.indexOf(0);
    this.#text = Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
  }

  get createType(): string | undefined {
    return this.#quoted('createType');
  }

  /** The name of the parent's file. */
  get parentName(): string | undefined {
    const name = this.#quoted('parentFileNameHint');
    return name && Buffer.from(name, 'latin1').toString('utf8');
  }

  /** The content id, which changes with the contents; 0 where there is none. Throws `IoError`. */
  get cid(): number {
    return this.#hex('CID') ?? 0;
  }

  /** Throws `IoError`. */
  get parentCid(): number {
    const cid = this.#hex('parentCID');
    if (cid === undefined) throw new IoError('EINVAL');
    return cid;
  }

  /** The bytes with another content id, filled up with zeroes in a place of `room` bytes. Throws `IoError` where that is too small. */
  withCid(cid: number, room: number): Uint8Array {
    const text = this.#text.replace(/^CID=\w*/m, `CID=${hex(cid)}`);
    if (text.length > room) throw new IoError('ENOSPC');
    const bytes = Buffer.alloc(Math.max(Math.min(room, DESCRIPTOR_BYTES), text.length));
    bytes.write(text, 'latin1');
    return bytes;
  }

  /** In the order of the disk. Lines that lend no access to write are no part of it. Throws `CommandError`. */
  extents(): ExtentLine[] {
    const type = this.createType;
    if (type === undefined) throw new CommandError('invalid VMDK image descriptor');
    if (!IMAGE_TYPES.includes(type)) throw new CommandError(`Unsupported image type '${type}'`);
    return this.#text.split(/\r?\n/).flatMap((line) => extentOf(line) ?? []);
  }

  #quoted(name: string): string | undefined {
    return new RegExp(`^${name}="([^"\n]*)"`, 'm').exec(this.#text)?.[1];
  }

  #hex(name: string): number | undefined {
    const found = new RegExp(`^${name}=(.*)$`, 'm').exec(this.#text)?.[1];
    if (found === undefined) return undefined;
    if (!/^[0-9a-f]{1,8}\b/i.test(found)) throw new IoError('EINVAL');
    return Number.parseInt(found, 16);
  }
}

const hex = (cid: number) => cid.toString(16).padStart(8, '0');

function extentOf(line: string): ExtentLine | undefined {
  const [, access, sectors, format, rest] = /^\s*(\w+)\s+(\d+)\s+(\w+)\s+(\S.*)$/.exec(line) ?? [];
  if (access !== 'RW' || Number(sectors) === 0) return undefined;
  const invalid = new CommandError(`Invalid extent line: ${line}`);
  const [, filename, tail = ''] = /^"([^"]+)"(.*)$/.exec(rest!) ?? [];
  if (filename === undefined) throw invalid;
  const name = Buffer.from(filename, 'latin1').toString('utf8');
  const extent = { format: format!, sectors: Number(sectors), filename: name };
  switch (format) {
    case 'SPARSE':
      return { ...extent, kind: 'sparse', offset: 0 };
    case 'VMFS':
      return { ...extent, kind: 'flat', offset: 0 };
    case 'FLAT': {
      const offset = /^\s+(\d+)/.exec(tail)?.[1];
      if (offset === undefined) throw invalid;
      return { ...extent, kind: 'flat', offset: Number(offset) };
    }
    default:
      throw invalid;
  }
}

/** Whether a file that begins so is a descriptor: its first line that is no comment tells a version. */
export function isDescriptor(start: Uint8Array): boolean {
  const lines = Buffer.from(start).toString('latin1').split('\n').slice(0, -1);
  const first = lines.find((line) => !/^(#.*| +)\r?$/.test(line));
  return first !== undefined && /^version=[123]\r?$/.test(first);
}

/** The descriptor of a new image in one file. */
export function newDescriptor(filename: string, sectors: number, cid: number): Uint8Array {
  const [heads, perTrack] = [16, 63];
  const text = `# Disk DescriptorFile
version=1
CID=${hex(cid)}
parentCID=${hex(NO_PARENT)}
createType="monolithicSparse"

# Extent description
RW ${sectors} SPARSE "${filename}"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "${Math.floor(sectors / heads / perTrack)}"
ddb.geometry.heads = "${heads}"
ddb.geometry.sectors = "${perTrack}"
ddb.adapterType = "ide"
`;
  const bytes = Buffer.alloc(Math.max(DESCRIPTOR_BYTES, Buffer.byteLength(text)));
  bytes.write(text);
  return bytes;
}
