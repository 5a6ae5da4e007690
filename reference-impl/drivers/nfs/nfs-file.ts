/** A file of an NFS server that is read and written, in pieces that the server takes. */
import { IoError } from '../../host/errno.ts';
import { Gate } from './gate.ts';
import type { Mount } from './mount.ts';
import { type Handle, NfsError } from './nfs-client.ts';
import { Stability } from './nfs-protocol.ts';
import { UnsavedWrites } from './unsaved-writes.ts';

/** Pieces of one request that are asked for at the same time. */
const AT_A_TIME = 8;
/** What may be written before the server is made to store it, in bytes. */
const MOST_UNSAVED = 8 << 20;

/** A file that is there. Requests throw `IoError`. */
export class NfsFile {
  readonly #mount: Mount;
  readonly #handle: Handle;
  readonly #unsaved = new UnsavedWrites();
  /** Writes share; what a restarted server has lost is written again alone. */
  readonly #gate = new Gate();
  /** Bytes. */
  size: number;

  constructor(mount: Mount, handle: Handle, size: number) {
    this.#mount = mount;
    this.#handle = handle;
    this.size = size;
  }

  /** Zeroes are behind the end of the file. */
  async read(offset: number, buffer: Uint8Array): Promise<void> {
    await failsAsBadAddress(() =>
      inPieces(buffer, this.#mount.sizes.read, (at, piece) => this.#readPiece(offset + at, piece)),
    );
  }

  async #readPiece(offset: number, piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const { data, isEnd } = await this.#mount.client.read(this.#handle, offset + done, piece.length - done);
      if (data.length === 0 && !isEnd) throw new Error('nothing read before the end');
      piece.set(data, done);
      done += data.length;
      if (isEnd) {
        piece.fill(0, done);
        return;
      }
    }
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    if (this.#unsaved.bytes > MOST_UNSAVED) await this.flush();
    await failsAsBadAddress(() =>
      this.#gate.share(() =>
        inPieces(data, this.#mount.sizes.write, (at, piece) => this.#writePiece(offset + at, piece)),
      ),
    );
    this.size = Math.max(this.size, offset + data.length);
  }

  async #writePiece(offset: number, piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const [at, rest] = [offset + done, piece.subarray(done)];
      const { client } = this.#mount;
      const { count, stability, verifier } = await client.write(this.#handle, at, rest, Stability.unstable);
      if (stability === Stability.unstable)
        this.#unsaved.add({ offset: at, data: rest.subarray(0, count), verifier });
      done += count;
    }
  }

  /** Has the server store what was written. What it has lost by a restart is written again. */
  async flush(): Promise<void> {
    await failsByStatus(() =>
      this.#gate.alone(async () => {
        const { client } = this.#mount;
        const verifier = await client.commit(this.#handle);
        for (const { offset, data } of this.#unsaved.lostBy(verifier)) await this.#rewrite(offset, data);
        this.#unsaved.clear();
      }),
    );
  }

  async #rewrite(offset: number, data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.length; ) {
      const { client } = this.#mount;
      const rest = data.subarray(done);
      const { count, stability } = await client.write(this.#handle, offset + done, rest, Stability.fileSync);
      if (stability !== Stability.fileSync) throw new Error('server does not store');
      done += count;
    }
  }

  async resize(size: number): Promise<void> {
    // What is written again later would undo the new size.
    if (this.#unsaved.bytes > 0) await this.flush();
    await failsByStatus(() => this.#mount.client.setSize(this.#handle, size));
    this.size = size;
  }

  /** Bytes taken on the server's disks, in blocks of 512, by its last word. */
  used(): number {
    return Number((this.#mount.client.seen?.used ?? 0n) / 512n) * 512;
  }

  close(): void {
    this.#mount.client.close();
  }
}

/** Does what is to be done with pieces of at most `size` bytes, some of them at a time; the first failure is told. */
async function inPieces(
  bytes: Uint8Array,
  size: number,
  work: (at: number, piece: Uint8Array) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < bytes.length) {
      const at = next;
      next += size;
      await work(at, bytes.subarray(at, at + size));
    }
  };
  const count = Math.min(AT_A_TIME, Math.ceil(bytes.length / size));
  const ends = await Promise.allSettled(Array.from({ length: count }, worker));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
}

/** Whatever is wrong with a read or a write, QEMU calls it so. */
async function failsAsBadAddress(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new IoError('EFAULT', { cause });
  }
}

/** What the server says is the error; `EIO` where it says nothing of the kind. */
export async function failsByStatus(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new IoError(cause instanceof NfsError ? cause.code : 'EIO', { cause });
  }
}
