/** Failed I/O: an errno name as the host has it, and the text that the C library gives it. */

import { constants } from 'node:os';

const texts: Readonly<Record<string, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
  EBADF: 'Bad file descriptor',
  EAGAIN: 'Resource temporarily unavailable',
  E2BIG: 'Argument list too long',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EXDEV: 'Invalid cross-device link',
  ENODEV: 'No such device',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  ENFILE: 'Too many open files in system',
  EMFILE: 'Too many open files',
  ETXTBSY: 'Text file busy',
  EFBIG: 'File too large',
  ENOSPC: 'No space left on device',
  ESPIPE: 'Illegal seek',
  EROFS: 'Read-only file system',
  EMLINK: 'Too many links',
  ENOTEMPTY: 'Directory not empty',
  ENAMETOOLONG: 'File name too long',
  ELOOP: 'Too many levels of symbolic links',
  ERANGE: 'Numerical result out of range',
  ESTALE: 'Stale file handle',
  EDQUOT: 'Disk quota exceeded',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EPIPE: 'Broken pipe',
  ENOTCONN: 'Transport endpoint is not connected',
  EINPROGRESS: 'Operation now in progress',
  ECANCELED: 'Operation canceled',
  ENOMEDIUM: 'No medium found',
  ENOTSUP: 'Operation not supported',
  EOVERFLOW: 'Value too large for defined data type',
  EOPNOTSUPP: 'Operation not supported',
};

/** The text of an errno name; the name itself for one that block I/O does not meet. */
export function errnoText(code: string): string {
  return texts[code] ?? code;
}

/** Why something that Node does on the host failed: the C library's words where the error has a code, else Node's own. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : errnoText(code);
}

/** The name of an error that the host gives by number; the C library's words for one that has none. */
export function errnoName(errno: number): string {
  const entry = Object.entries(constants.errno).find(([, number]) => number === errno);
  return entry ? entry[0] : `Unknown error ${errno}`;
}

/** The host's number of an error, 0 for one that it does not know. */
export function errnoNumber(code: string): number {
  return (constants.errno as Readonly<Record<string, number>>)[code] ?? 0;
}

/** A request failed. `code` is an errno name such as `ENOSPC`. */
export class IoError extends Error {
  override readonly name = 'IoError';
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(errnoText(code), options);
    this.code = code;
  }
}

/** Turns what `node:fs` throws into an `IoError`; anything else passes as it is. */
export function asIoError(error: unknown): unknown {
  const code = String((error as NodeJS.ErrnoException | null)?.code);
  return Object.hasOwn(texts, code) ? new IoError(code, { cause: error }) : error;
}
