/** A file in memory as a driver's child. */
import { type ChildHandle, NO_LIMITS } from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';

/** A change of a file. */
export type FileChange = { readonly offset: number; readonly data: Uint8Array } | { readonly length: number };

export interface MemoryFileLimits {
  /** Requests that it answers; more are a fault of the test's subject. */
  readonly mostRequests?: number;
  /** Bytes that it can come to, as file systems have a largest file. */
  readonly mostBytes?: number;
}

/** Counts requests, grows by writes, refuses those that go astray, and can list what was changed. */
export class MemoryFile {
  bytes: Uint8Array;
  requests = 0;
  reads = 0;
  /** Set, it gets every change. */
  changes: FileChange[] | undefined;
  readonly #mostRequests: number;
  readonly #mostBytes: number;

  constructor(
    bytes: Uint8Array = new Uint8Array(),
    { mostRequests = Number.POSITIVE_INFINITY, mostBytes = 2 ** 30 }: MemoryFileLimits = {},
  ) {
    this.bytes = bytes;
    this.#mostRequests = mostRequests;
    this.#mostBytes = mostBytes;
  }

  handle(): ChildHandle {
    const write = async (offset: number, data: Uint8Array) => {
      this.#count();
      if (!(offset >= 0)) throw new Error(`write at ${offset}`);
      const end = offset + data.length;
      if (end > this.#mostBytes) throw new IoError('EFBIG');
      this.apply({ offset, data });
      this.changes?.push({ offset, data: data.slice() });
    };
    return {
      length: () => Math.ceil(this.bytes.length / 512) * 512,
      read: async (offset, buffer) => {
        this.#count();
        this.reads += 1;
        if (!(offset >= 0)) throw new Error(`read at ${offset}`);
        const present = this.bytes.subarray(offset, offset + buffer.length);
        buffer.set(present);
        buffer.fill(0, present.length);
      },
      write,
      writeZeroes: async (offset, length) => {
        if (offset + length > this.#mostBytes) throw new IoError('EFBIG');
        await write(offset, new Uint8Array(length));
      },
      discard: () => Promise.resolve(),
      flush: () => Promise.resolve(),
      truncate: async (length) => {
        if (length > this.#mostBytes) throw new IoError('EFBIG');
        this.apply({ length });
        this.changes?.push({ length });
      },
      blockStatus: (_offset, length) => Promise.resolve({ length, zero: false, allocated: true }),
      limits: NO_LIMITS,
      info: () => undefined,
      allocatedSize: () => undefined,
      nodeName: 'file',
      debugEvent: () => undefined,
    };
  }

  /** Makes a change without counting it. */
  apply(change: FileChange): void {
    if ('length' in change) this.#resize(change.length);
    else {
      const end = change.offset + change.data.length;
      if (end > this.bytes.length) this.#resize(end);
      this.bytes.set(change.data, change.offset);
    }
  }

  #count(): void {
    this.requests += 1;
    if (this.requests > this.#mostRequests) throw new Error('too many requests for one image');
  }

  #resize(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes.subarray(0, length));
    this.bytes = bytes;
  }
}
