/**
 * A file of the host, read and written by position.
 *
 * Node offers neither `fallocate` nor `SEEK_HOLE` nor OFD locks. So holes are made only by growing (`truncate`), zeroes are
 * written as data where there are none, allocation is told for the whole file alone, and images are not locked against
 * other processes.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { DIRECT_ALIGNMENT, withAlignedBuffer } from './aligned-buffers.ts';
import { asIoError, IoError } from './errno.ts';
import type { HostWork } from './host-work.ts';
import { isLocalFile } from './local-storage.ts';

const open = promisify(fs.open);
const close = promisify(fs.close);
const read = promisify(fs.read);
const write = promisify(fs.write);
const fsync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);

/** The kernel reports blocks in this unit whatever the file system's block size is. */
const STAT_BLOCK = 512;

/**
 * The longest read, in bytes, that is made in place where the file is local: handing it to a thread costs many times what
 * copying it out of the page cache does.
 */
const MAX_READ_IN_PLACE = 64 * 1024;

/** One read in so many goes to a thread all the same, so that whoever reads on and on lets others have their turn. */
const TURN_AFTER_READS = 32;

/** An open file. Offsets are in bytes; methods throw `IoError`. */
export class HostFile {
  readonly #path: string;
  #fd: number;
  /** The same file with `O_DIRECT`, for requests that are aligned. */
  #directFd: number | undefined;
  readonly #isLocal: boolean;
  #shortReads = 0;
  readonly #hostWork: HostWork;

  private constructor(path: string, fd: number, isLocal: boolean, hostWork: HostWork) {
    this.#path = path;
    this.#fd = fd;
    this.#isLocal = isLocal;
    this.#hostWork = hostWork;
  }

  /**
   * Opens an existing file; throws `IoError`. Never waits for the other end of a pipe. `direct`: aligned requests pass by
   * the host's page cache, where the file system can do that.
   */
  static async open(path: string, readOnly: boolean, hostWork: HostWork, direct = false): Promise<HostFile> {
    const access = readOnly ? fs.constants.O_RDONLY : fs.constants.O_RDWR;
    return HostFile.#open(path, access, hostWork, direct);
  }

  /** Opens a file, and makes it if it is not there; throws `IoError`. */
  static create(path: string, hostWork: HostWork): Promise<HostFile> {
    const { O_RDWR, O_CREAT } = fs.constants;
    return HostFile.#open(path, O_RDWR | O_CREAT, hostWork);
  }

  static async #open(path: string, flags: number, hostWork: HostWork, direct = false): Promise<HostFile> {
    try {
      const readOnly = (flags & fs.constants.O_RDWR) === 0;
      const name = hostWork.fdSets.resolve(path, readOnly);
      const fd = await hostWork.track(() => open(name, flags | fs.constants.O_NONBLOCK, 0o644));
      const file = new HostFile(path, fd, isLocalFile(name, fd), hostWork);
      if (direct) await hostWork.track(() => file.#openDirect(name, flags));
      return file;
    } catch (error) {
      throw asIoError(error);
    }
  }

  /** Leaves it without where the file system has no direct access. */
  async #openDirect(name: string, flags: number): Promise<void> {
    const { O_DIRECT, O_NONBLOCK } = fs.constants;
    try {
      this.#directFd = await open(name, flags | O_DIRECT | O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return;
      await close(this.#fd);
      throw error;
    }
  }

  /** Tells files apart: equal for two names of one file. */
  get identity(): string {
    const { dev, ino } = fs.fstatSync(this.#fd);
    return `${dev}:${ino}`;
  }

  /** Opens the file anew for reading only, or for both; throws `IoError`, and then it stays as it was. */
  async reopen(readOnly: boolean): Promise<void> {
    const fresh = await HostFile.open(this.#path, readOnly, this.#hostWork, this.#directFd !== undefined);
    const stale = [this.#fd, this.#directFd];
    this.#fd = fresh.#fd;
    this.#directFd = fresh.#directFd;
    await this.#do(() => closeAll(stale));
  }

  async close(): Promise<void> {
    await this.#do(() => closeAll([this.#fd, this.#directFd]));
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
    const fd = this.#directFor(position, buffer.length);
    if (fd === undefined && this.#mayReadInPlace(buffer.length)) {
      readInPlace(this.#fd, position, buffer);
      return;
    }
    await this.#do(() =>
      fd === undefined ? readFully(this.#fd, position, buffer) : readDirectly(fd, position, buffer),
    );
  }

  #mayReadInPlace(length: number): boolean {
    if (!this.#isLocal || length > MAX_READ_IN_PLACE) return false;
    this.#shortReads += 1;
    return this.#shortReads % TURN_AFTER_READS !== 0;
  }

  async write(position: number, data: Uint8Array): Promise<void> {
    const fd = this.#directFor(position, data.length);
    await this.#do(() =>
      fd === undefined ? writeFully(this.#fd, position, data) : writeDirectly(fd, position, data),
    );
  }

  /** The descriptor for a request that need not go through the page cache; the host keeps both ways in step. */
  #directFor(position: number, length: number): number | undefined {
    return position % DIRECT_ALIGNMENT === 0 && length % DIRECT_ALIGNMENT === 0 ? this.#directFd : undefined;
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

async function closeAll(fds: readonly (number | undefined)[]): Promise<void> {
  for (const fd of fds) if (fd !== undefined) await close(fd);
}

async function readFully(fd: number, position: number, buffer: Uint8Array): Promise<void> {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await read(fd, buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) {
      buffer.fill(0, done);
      return;
    }
    done += bytesRead;
  }
}

function readInPlace(fd: number, position: number, buffer: Uint8Array): void {
  try {
    for (let done = 0; done < buffer.length; ) {
      const bytesRead = fs.readSync(fd, buffer, done, buffer.length - done, position + done);
      if (bytesRead === 0) {
        buffer.fill(0, done);
        return;
      }
      done += bytesRead;
    }
  } catch (error) {
    throw asIoError(error);
  }
}

async function writeFully(fd: number, position: number, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await write(fd, data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}

async function readDirectly(fd: number, position: number, buffer: Uint8Array): Promise<void> {
  await withAlignedBuffer(async (aligned) => {
    for (let done = 0; done < buffer.length; done += aligned.length) {
      const piece = aligned.subarray(0, Math.min(aligned.length, buffer.length - done));
      // The end of the file alone makes it shorter.
      const { bytesRead } = await read(fd, piece, 0, piece.length, position + done);
      piece.fill(0, bytesRead);
      buffer.set(piece, done);
    }
  });
}

async function writeDirectly(fd: number, position: number, data: Uint8Array): Promise<void> {
  await withAlignedBuffer(async (aligned) => {
    for (let done = 0; done < data.length; done += aligned.length) {
      const piece = aligned.subarray(0, Math.min(aligned.length, data.length - done));
      piece.set(data.subarray(done, done + piece.length));
      const { bytesWritten } = await write(fd, piece, 0, piece.length, position + done);
      if (bytesWritten < piece.length) throw new IoError('ENOSPC');
    }
  });
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
