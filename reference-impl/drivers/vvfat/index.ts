/**
 * `vvfat`: a directory of the host as a disk with a FAT. It is made up when the node is opened; what is in the files is read from
 * them when it is wanted. With `rw`, what a guest changes is changed in the directory.
 */
import { resolve } from 'node:path';
import { IoError } from '../../host/errno.ts';
import { HostDirectory } from '../../host/host-directory.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { type FatLayout, type FatType, fatLayout, SECTOR } from './fat-layout.ts';
import { GuestWrites } from './guest-writes.ts';
import { Overlay, ShownDisk } from './shown-disk.ts';
import { readTree } from './shown-tree.ts';

const LABEL_BYTES = 11;
const DEFAULT_LABEL = 'QEMU VVFAT';

type Options = DriverOptions<'vvfat'>;

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { options, readOnly, cwd, hostWork, random, log } = environment;
  const { rw = false } = options;
  // A name with a NUL byte ends there for the host.
  const dir = options.dir?.split('\0')[0];
  if (dir === undefined) throw new CommandError("vvfat block driver requires a 'dir' option");
  const label = paddedLabel(options.label ?? DEFAULT_LABEL);
  const layout = fatLayout(fatType(options['fat-type']), options.floppy ?? false);
  if (rw && readOnly) throw new CommandError("Unable to set VVFAT to 'rw' when drive is read-only");
  const host = new HostDirectory(dir === '' ? '' : resolve(cwd, dir), hostWork);
  const tree = await readTree({ host, dir, layout, label, log });
  const overlay = rw ? await openOverlay(layout, environment) : undefined;
  const disk = new ShownDisk(layout, label, tree, host, overlay);
  const oneByOne = new OneByOne();
  const read = (offset: number, buffer: Uint8Array) => oneByOne.run(() => disk.read(offset, buffer));
  const common = {
    length: () => layout.sectors * SECTOR,
    limits: { requestAlignment: SECTOR },
    read,
  };
  if (!overlay) {
    const write = () => Promise.reject(new IoError('EPERM'));
    return { ...common, onlyReads: true, write, close: () => host.close() };
  }
  const writes = new GuestWrites({ layout, host, disk, overlay, tree, random, log });
  return {
    ...common,
    write: (offset, data) => oneByOne.run(() => writes.write(offset, data)),
    flush: () => oneByOne.run(() => writes.flush()),
    close: async () => {
      writes.tellWhatIsLeft();
      await overlay.close();
      await host.close();
    },
  };
}

/** Requests go in the order in which they come: one may change what others are about. */
class OneByOne {
  #last: Promise<void> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}

async function openOverlay(
  { sectors }: FatLayout,
  { random, hostWork }: OpenEnvironment<Options>,
): Promise<Overlay> {
  try {
    return await Overlay.open(sectors, random, hostWork);
  } catch (error) {
    throw error instanceof IoError
      ? new CommandError(`Could not create temporary file: ${error.message}`)
      : error;
  }
}

function paddedLabel(label: string): string {
  const bytes = Buffer.from(label);
  if (bytes.length > LABEL_BYTES)
    throw new CommandError(`vvfat label cannot be longer than ${LABEL_BYTES} bytes`);
  return bytes.toString('latin1').padEnd(LABEL_BYTES);
}

/** 0 leaves the choice to the driver. */
function fatType(value: number | bigint = 0): FatType | undefined {
  if (value === 0) return undefined;
  if (value === 12 || value === 16 || value === 32) return value;
  throw new CommandError('Valid FAT types are only 12, 16 and 32');
}

/** `fat:` and words, each with a colon behind it, in front of the name of the directory. */
function parseFilename(filename: string) {
  if (!filename.startsWith('fat:')) throw new CommandError("File name string must start with 'fat:'");
  const has = (word: string) => filename.includes(`:${word}:`);
  const colon = filename.lastIndexOf(':');
  // a letter between colons belongs to the name, as that of a drive of old
  const start = /:[A-Za-z]$/.test(filename.slice(0, colon)) ? colon - 1 : colon + 1;
  return {
    dir: filename.slice(start),
    'fat-type': [32, 16, 12].find((type) => has(String(type))) ?? 0,
    floppy: has('floppy'),
    rw: has('rw'),
  };
}

/** Disks over directories of the host. */
export const vvfat: Driver<'vvfat'> = {
  kind: 'protocol',
  children: {},
  protocols: ['fat'],
  parseFilename,
  open,
};
