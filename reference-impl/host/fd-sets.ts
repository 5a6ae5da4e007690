/**
 * Descriptors that the process was started with, in sets: `/dev/fdset/2` stands for the one of set 2 that can do what is
 * wanted. Node cannot duplicate a descriptor, so that the file behind it is opened anew by the name that Linux gives it.
 */
import { fstatSync, readFileSync } from 'node:fs';
import { IoError } from './errno.ts';

const NAME = /^\/dev\/fdset\/(\d+)$/;
const [ACCESS_MASK, READ_WRITE] = [0o3, 0o2];

/** The sets of one endpoint. */
export class FdSets {
  readonly #sets = new Map<number, number[]>();

  /** Adds a descriptor; makes the set if there is none. Returns false for what is no open file. */
  add(set: number, fd: number): boolean {
    if (!isFile(fd) || [...this.#sets.values()].flat().includes(fd)) return false;
    this.#sets.set(set, [...(this.#sets.get(set) ?? []), fd]);
    return true;
  }

  /** What to open instead of `path`, which stays as it is if it names no set. Throws `IoError`. */
  resolve(path: string, readOnly: boolean): string {
    const set = NAME.exec(path)?.[1];
    if (set === undefined) return path;
    const descriptors = this.#sets.get(Number(set));
    if (descriptors === undefined) throw new IoError('ENOENT');
    const fd = descriptors.find((one) => ((openFlags(one) & ACCESS_MASK) === READ_WRITE) === !readOnly);
    if (fd === undefined) throw new IoError('EACCES');
    return `/proc/self/fd/${fd}`;
  }
}

/** Sockets and pipes of this name may be Node's own. */
function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || stat.isBlockDevice() || stat.isCharacterDevice();
  } catch {
    return false;
  }
}

/** The flags of `open` that a descriptor of this process has. Throws where it is none. */
export function openFlags(fd: number): number {
  const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
  return Number.parseInt(flags, 8);
}
