/**
 * A directory of the host with all that is in it, by names relative to it. Names are bytes, as the host has them. What changes
 * something never reaches outside: not by a name, and not through a symbolic link.
 */
import fs from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  opendir,
  realpath,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { asIoError, IoError } from './errno.ts';
import type { HostWork } from './host-work.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const SLASH = Buffer.from('/');
/** Files that are kept open for reading. */
const MOST_OPEN = 8;

/** A path within the directory: its names, from the top on. */
export type HostPath = readonly Buffer[];

/** What a name stands for; a link, what it leads to. */
export interface HostEntry {
  readonly kind: 'file' | 'directory' | 'other';
  readonly size: number;
  /** Who may do what with it. */
  readonly mode: number;
  /** Milliseconds since the epoch. */
  readonly times: { readonly changed: number; readonly read: number; readonly written: number };
}

/** Methods throw `IoError`. One at a time: whoever uses it sees to that. */
export class HostDirectory {
  readonly #root: Buffer;
  readonly #hostWork: HostWork;
  /** The longest unused first. */
  readonly #open = new Map<string, FileHandle>();
  #edited: { readonly key: string; readonly file: FileHandle } | undefined;

  constructor(root: string, hostWork: HostWork) {
    this.#root = Buffer.from(root);
    this.#hostWork = hostWork;
  }

  /** The names in a directory, in the order in which the host lists them. */
  list(path: HostPath): Promise<Buffer[]> {
    return this.#do(async () => {
      const names: Buffer[] = [];
      const directory = await opendir(this.#at(path) as unknown as string, {
        encoding: 'buffer' as BufferEncoding,
      });
      for await (const { name } of directory) names.push(name as unknown as Buffer);
      return names;
    });
  }

  stat(path: HostPath): Promise<HostEntry> {
    return this.#do(async () => {
      const found = await stat(this.#at(path));
      return {
        kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
        size: found.size,
        mode: found.mode & 0o777,
        times: { changed: found.ctimeMs, read: found.atimeMs, written: found.mtimeMs },
      };
    });
  }

  /** Fills `buffer` from a file; what lies beyond its end reads as zeroes. */
  read(path: HostPath, position: number, buffer: Uint8Array): Promise<void> {
    return this.#do(async () => {
      const file = await this.#reader(this.#at(path));
      for (let done = 0; done < buffer.length; ) {
        const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
        if (bytesRead === 0) {
          buffer.fill(0, done);
          return;
        }
        done += bytesRead;
      }
    });
  }

  /** A file or link of this name is there, or a directory. */
  has(path: HostPath): Promise<boolean> {
    return this.#do(async () => {
      try {
        await lstat(this.#at(path));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      }
    });
  }

  /** A file of this name can be written to where it is: it is no link and no device. */
  isOwnFile(path: HostPath): Promise<boolean> {
    return this.#do(async () => (await lstat(this.#at(path))).isFile());
  }

  /** Has `work` change a file; `create`: one that is not there yet. */
  edit(path: HostPath, create: boolean, work: (file: EditedFile) => Promise<void>): Promise<void> {
    return this.#do(async () => work(await this.#writer(path, create)));
  }

  /** Brings what a file holds to stable storage; nothing if it is gone. */
  async sync(path: HostPath): Promise<void> {
    if (await this.has(path)) await this.edit(path, false, (file) => file.sync());
  }

  makeDirectory(path: HostPath): Promise<void> {
    return this.#do(async () => mkdir(await this.#inside(path)));
  }

  /** Nothing must be there under the new name. */
  rename(from: HostPath, to: HostPath): Promise<void> {
    return this.#do(async () => {
      const [source, target] = [await this.#inside(from), await this.#inside(to)];
      if (await this.has(to)) throw new IoError('EEXIST');
      await this.#closeAll();
      await rename(source, target);
    });
  }

  removeFile(path: HostPath): Promise<void> {
    return this.#do(async () => {
      await this.#closeAll();
      await unlink(await this.#inside(path));
    });
  }

  /** It must be empty. A link to one is removed as a link. */
  removeDirectory(path: HostPath): Promise<void> {
    return this.#do(async () => {
      const name = await this.#inside(path);
      await this.#closeAll();
      if ((await lstat(name)).isSymbolicLink()) await unlink(name);
      else await rmdir(name);
    });
  }

  async close(): Promise<void> {
    await this.#do(() => this.#closeAll());
  }

  #at(path: HostPath): Buffer {
    return Buffer.concat([this.#root, ...path.flatMap((name) => [SLASH, name])]);
  }

  /** The place of something that may be changed: each directory on the way is one itself, and no link. */
  async #inside(path: HostPath): Promise<Buffer> {
    if (path.length === 0 || !path.every(isHostName)) throw new IoError('EINVAL');
    const parent = path.slice(0, -1);
    const [top, real] = await Promise.all(
      [[], parent].map((each) => realpath(this.#at(each), { encoding: 'buffer' })),
    );
    const expected = Buffer.concat([top!, ...parent.flatMap((name) => [SLASH, name])]);
    if (!real!.equals(expected)) throw new IoError('EROFS');
    return this.#at(path);
  }

  async #reader(name: Buffer): Promise<FileHandle> {
    const key = name.toString('latin1');
    const known = this.#open.get(key);
    if (known) {
      this.#open.delete(key);
      if (!(await isStill(known, await stat(name).catch(() => undefined)))) {
        await known.close();
        return this.#reader(name);
      }
    }
    const file = known ?? (await open(name, O_RDONLY | O_NONBLOCK));
    this.#open.set(key, file);
    if (this.#open.size > MOST_OPEN) {
      const [oldest, stale] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      await stale.close();
    }
    return file;
  }

  /** The file that was changed last is open still. */
  async #writer(path: HostPath, create: boolean): Promise<EditedFile> {
    const key = this.#at(path).toString('latin1');
    const known = this.#edited?.key === key && !create ? this.#edited.file : undefined;
    if (known && (await isStill(known, await lstat(this.#at(path)).catch(() => undefined))))
      return new EditedFile(known);
    const name = await this.#inside(path);
    await this.#closeWriter();
    const flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | (create ? O_CREAT | O_EXCL : 0);
    const file = await open(name, flags, 0o644);
    this.#edited = { key, file };
    if (!(await file.stat()).isFile()) {
      await this.#closeWriter();
      throw new IoError('EINVAL');
    }
    return new EditedFile(file);
  }

  async #closeWriter(): Promise<void> {
    const edited = this.#edited;
    this.#edited = undefined;
    await edited?.file.close();
  }

  /** Before names change their meaning. */
  async #closeAll(): Promise<void> {
    await this.#closeWriter();
    const files = [...this.#open.values()];
    this.#open.clear();
    for (const file of files) await file.close();
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#hostWork.track(work);
    } catch (error) {
      throw asIoError(error);
    }
  }
}

/** Nobody has put another file in the place of the one that is open. */
async function isStill(file: FileHandle, found: fs.Stats | undefined): Promise<boolean> {
  const { dev, ino } = await file.stat();
  return found?.dev === dev && found.ino === ino;
}

/** The host can have a file of this name. */
export function isHostName(name: Buffer): boolean {
  const isOwn = name.length > 0 && name.length <= 255 && !name.includes(0) && !name.includes('/');
  return isOwn && !['.', '..'].includes(name.toString('latin1'));
}

/** A file while it is changed. */
export class EditedFile {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(position: number, data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.length; ) {
      const { bytesWritten } = await this.#file.write(data, done, data.length - done, position + done);
      done += bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return this.#file.truncate(size);
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  /** Who may do what with it. */
  setMode(mode: number): Promise<void> {
    return this.#file.chmod(mode);
  }
}
