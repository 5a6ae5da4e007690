/**
 * A file of the host, read and written by position.
 *
 * Node offers neither `fallocate` nor `SEEK_HOLE` nor `O_DIRECT` buffers nor OFD locks. So holes are made only by growing
 * (`truncate`), zeroes are written as data where there are none, allocation is told for the whole file alone, `cache.direct` changes
 * nothing on the host, and images are not locked against other processes.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { asIoError, IoError } from './errno.ts';
import type { HostWork } from './host-work.ts';

const open = promisify(fs.open);
const close = promisify(fs.close);
const read = promisify(fs.read);
const write = promisify(fs.write);
const fsync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);

/** The kernel reports blocks in this unit whatever the file system's block size is. */
const STAT_BLOCK = 512;

/** An open file. Offsets are in bytes; methods throw `IoError`. */
export class HostFile {
  readonly #path: string;
  #fd: number;
  readonly #hostWork: HostWork;

  private constructor(path: string, fd: number, hostWork: HostWork) {
    this.#path = path;
    this.#fd = fd;
    this.#hostWork = hostWork;
  }

  /** Opens an existing file; throws `IoError`. Never waits for the other end of a pipe. */
  static async open(path: string, readOnly: boolean, hostWork: HostWork): Promise<HostFile> {
    const access = readOnly ? fs.constants.O_RDONLY : fs.constants.O_RDWR;
    return HostFile.#open(path, access, hostWork);
  }

  /** Opens a file, and makes it if it is not there; throws `IoError`. */
  static create(path: string, hostWork: HostWork): Promise<HostFile> {
    const { O_RDWR, O_CREAT } = fs.constants;
    return HostFile.#open(path, O_RDWR | O_CREAT, hostWork);
  }

  static async #open(path: string, flags: number, hostWork: HostWork): Promise<HostFile> {
    try {
      const readOnly = (flags & fs.constants.O_RDWR) === 0;
      const name = hostWork.fdSets.resolve(path, readOnly);
      const fd = await hostWork.track(() => open(name, flags | fs.constants.O_NONBLOCK, 0o644));
      return new HostFile(path, fd, hostWork);
    } catch (error) {
      throw asIoError(error);
    }
  }

  /** Tells files apart: equal for two names of one file. */
  get identity(): string {
    const { dev, ino } = fs.fstatSync(this.#fd);
    return `${dev}:${ino}`;
  }

  /** Opens the file anew for reading only, or for both; throws `IoError`, and then it stays as it was. */
  async reopen(readOnly: boolean): Promise<void> {
    const fresh = await HostFile.open(this.#path, readOnly, this.#hostWork);
    const stale = this.#fd;
    this.#fd = fresh.#fd;
    await this.#do(() => close(stale));
  }

  async close(): Promise<void> {
    await this.#do(() => close(this.#fd));
  }

  isRegular(): boolean {
    return fs.fstatSync(this.#fd).isFile();
  }

  /** Size in bytes; 0 for a character device. Throws `ESPIPE` for what has no end to seek to. */
  size(): number {
    const stat = fs.fstatSync(this.#fd);
    if (stat.isFIFO() || stat.isSocket()) throw new IoError('ESPIPE');
    if (stat.isBlockDevice()) return blockDeviceSize(stat.rdev);
    return stat.size;
  }

  /** Bytes that the file takes on its host, which is less than its size where it has holes. */
  allocatedSize(): number {
    return fs.fstatSync(this.#fd).blocks * STAT_BLOCK;
  }

  /** Fills `buffer`; what lies beyond the end of the file reads as zeroes. */
  async read(position: number, buffer: Uint8Array): Promise<void> {
    await this.#do(async () => {
      for (let done = 0; done < buffer.length; ) {
        const { bytesRead } = await read(this.#fd, buffer, done, buffer.length - done, position + done);
        if (bytesRead === 0) {
          buffer.fill(0, done);
          return;
        }
        done += bytesRead;
      }
    });
  }

  async write(position: number, data: Uint8Array): Promise<void> {
    await this.#do(async () => {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await write(this.#fd, data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    });
  }

  async sync(): Promise<void> {
    await this.#do(() => fsync(this.#fd));
  }

  /** Node cannot pass a size of 2^53 or more to the host; no file system of today holds such a file. */
  async truncate(size: number): Promise<void> {
    if (size >= 2 ** 63) throw new IoError('EINVAL');
    if (!Number.isSafeInteger(size)) throw new IoError('EFBIG');
    await this.#do(() => ftruncate(this.#fd, size));
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#hostWork.track(work);
    } catch (error) {
      throw asIoError(error);
    }
  }
}

/** Linux tells the size of a block device in sectors of 512 bytes, whatever the device's own are. */
function blockDeviceSize(rdev: number): number {
  const major = (rdev >> 8) & 0xfff;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  try {
    return Number(fs.readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * 512;
  } catch (error) {
    throw asIoError(error);
  }
}
