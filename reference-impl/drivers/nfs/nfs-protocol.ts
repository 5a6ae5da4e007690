/** Numbers of the protocols that reach a file: port mapper (RFC 1833), MOUNT and NFS of version 3 (RFC 1813). */
import { errnoNumber, errnoText } from '../../host/errno.ts';

/** Programs of ONC RPC, with the version of each that is spoken. */
export const Program = {
  portmap: { number: 100000, version: 2 },
  nfs: { number: 100003, version: 3 },
  mount: { number: 100005, version: 3 },
} as const;

export type ProgramId = (typeof Program)[keyof typeof Program];

/** Where the port mapper is. */
export const PORTMAP_PORT = 111;
export const PROTOCOL_TCP = 6;

export const PortmapCall = { getPort: 3 } as const;
export const MountCall = { mount: 1 } as const;
export const NfsCall = {
  getAttributes: 1,
  setAttributes: 2,
  lookup: 3,
  access: 4,
  readLink: 5,
  read: 6,
  write: 7,
  create: 8,
  fsInfo: 19,
  commit: 21,
} as const;

/** Longest handle of a file, in bytes. */
export const MAX_HANDLE = 64;
/** Longest text that a symbolic link may hold, in bytes. */
export const MAX_PATH = 1024;

/** What a file is (`ftype3`). */
export const FileType = { link: 5 } as const;
/** What may be asked for with ACCESS. */
export const Access = { read: 1, modify: 4 } as const;
/** How safe written data must be when the reply comes. */
export const Stability = { unstable: 0, fileSync: 2 } as const;
/** How CREATE treats a file that is there. */
export const CreateMode = { unchecked: 0 } as const;

/**
 * Statuses of MOUNT and NFS, by number: a name, which begins otherwise in each of them, and the errno that QEMU tells for it.
 */
const STATUSES: Readonly<Record<number, readonly [name: string, errno: string]>> = {
  1: ['PERM', 'EPERM'],
  2: ['NOENT', 'ENOENT'],
  5: ['IO', 'EIO'],
  6: ['NXIO', 'ENXIO'],
  13: ['ACCES', 'EACCES'],
  17: ['EXIST', 'EEXIST'],
  18: ['XDEV', 'EXDEV'],
  19: ['NODEV', 'ENODEV'],
  20: ['NOTDIR', 'ENOTDIR'],
  21: ['ISDIR', 'EISDIR'],
  22: ['INVAL', 'EINVAL'],
  27: ['FBIG', 'EFBIG'],
  28: ['NOSPC', 'ENOSPC'],
  30: ['ROFS', 'EROFS'],
  31: ['MLINK', 'EMLINK'],
  63: ['NAMETOOLONG', 'ENAMETOOLONG'],
  66: ['NOTEMPTY', 'ENOTEMPTY'],
  69: ['DQUOT', 'ERANGE'],
  70: ['STALE', 'ESTALE'],
  71: ['REMOTE', 'EIO'],
  10001: ['BADHANDLE', 'EIO'],
  10002: ['NOT_SYNC', 'EIO'],
  10003: ['BAD_COOKIE', 'EIO'],
  10004: ['NOTSUPP', 'EINVAL'],
  10005: ['TOOSMALL', 'EIO'],
  10006: ['SERVERFAULT', 'EIO'],
  10007: ['BADTYPE', 'EINVAL'],
  10008: ['JUKEBOX', 'EAGAIN'],
};

/** The errno that QEMU tells for a status. */
export const statusErrno = (status: number): string => STATUSES[status]?.[1] ?? 'ERANGE';

/** A status of NFS as QEMU's messages have it. */
export function nfsStatusText(status: number): string {
  const name = STATUSES[status]?.[0];
  return `${name === undefined ? 'unknown nfs error' : `NFS3ERR_${name}`}(-${errnoNumber(statusErrno(status))})`;
}

/** A status of MOUNT as QEMU's messages have it, which give other errnos for some. */
export function mountStatusText(status: number): string {
  const name = STATUSES[status]?.[0];
  const shown = name === undefined ? 'unknown mount stat' : `MNT3ERR_${name}`;
  const errno = MOUNT_ERRNOS[status] ?? statusErrno(status);
  return `${shown}(${status}) ${errnoText(errno)}(${errnoNumber(errno)})`;
}

const MOUNT_ERRNOS: Readonly<Record<number, string>> = { 2: 'EPERM', 63: 'E2BIG' };
