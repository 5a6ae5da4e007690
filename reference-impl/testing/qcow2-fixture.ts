/** Images made by us, files as children without a graph. */
import { Random } from '../../generators/random.ts';
import {
  type ChildHandle,
  type CorruptionReport,
  type CreateOptions,
  type DriverOptions,
  NO_LIMITS,
} from '../drivers/driver.ts';
import { createImage } from '../drivers/qcow2/create-options.ts';
import { type Backing, Image } from '../drivers/qcow2/image.ts';
import { imageOptions } from '../drivers/qcow2/qcow2-options.ts';
import { HostFile } from '../host/host-file.ts';
import { HostWork } from '../host/host-work.ts';
import { whyMissing } from './external-programs.ts';
import { ManualClock } from './test-services.ts';

/** A file of the host as a child, without the block I/O layer between. */
export interface FileChild extends ChildHandle {
  close(): Promise<void>;
}

export async function openFile(path: string, readOnly = false): Promise<FileChild> {
  const file = await HostFile.open(path, readOnly, new HostWork());
  return {
    length: () => Math.ceil(file.size() / 512) * 512,
    read: (offset, buffer) => file.read(offset, buffer),
    write: (offset, data) => file.write(offset, data),
    writeZeroes: (offset, length) => file.write(offset, new Uint8Array(length)),
    discard: () => Promise.resolve(),
    flush: () => file.sync(),
    truncate: (length) => file.truncate(length),
    blockStatus: (_offset, length) => Promise.resolve({ length, zero: false, allocated: true }),
    limits: NO_LIMITS,
    info: () => undefined,
    allocatedSize: () => file.allocatedSize(),
    nodeName: 'file',
    debugEvent: () => undefined,
    close: () => file.close(),
  };
}

export const SECRET = 'correct horse';

export async function make(file: ChildHandle, options: Omit<CreateOptions<'qcow2'>, 'file'>): Promise<void> {
  const random = new Random(7);
  await createImage({
    options: { ...options, file: 'file' },
    file: () => Promise.resolve(file),
    secret: () => Buffer.from(SECRET),
    claim: () => {},
    log: () => {},
    clock: new ManualClock(),
    random: () => random.uint32(),
    hostWork: new HostWork(),
    cwd: '/',
  });
}

export interface Opened {
  readonly image: Image;
  readonly reports: CorruptionReport[];
}

/** An image in the clear. */
export async function openImage(
  file: ChildHandle,
  options: DriverOptions<'qcow2'> = {},
  backing?: Backing,
  writable = true,
): Promise<Opened> {
  const reports: CorruptionReport[] = [];
  const image = await Image.open({
    file,
    writable,
    backing: () => backing,
    corrupted: (report) => reports.push(report),
    options: (header) => imageOptions(options, header),
    cipher: () => Promise.resolve(undefined),
  });
  return { image, reports };
}

/** Why tests with qemu-img and qemu-io are left out; undefined where they can run. */
export const withoutTools = whyMissing(['qemu-img', 'qemu-io'], 'qemu');
