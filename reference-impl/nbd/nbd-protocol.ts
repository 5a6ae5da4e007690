/**
 * The constants of the NBD protocol, named as in its public description
 * (`doc/proto.md` of the project NetworkBlockDevice/nbd), without the prefixes.
 */

/** What begins each kind of message. */
export const Magic = {
  server: 0x4e42444d41474943n,
  option: 0x49484156454f5054n,
  optionReply: 0x0003e889045565a9n,
  request: 0x25609513,
  simpleReply: 0x67446698,
  structuredReply: 0x668e33ef,
} as const;

/** Sent by the server first of all; a client answers with the same bits. */
export const HandshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

/** What an export is and can do. */
export const ExportFlag = {
  hasFlags: 1,
  readOnly: 2,
  sendFlush: 4,
  sendFua: 8,
  sendTrim: 32,
  sendWriteZeroes: 64,
  sendDf: 128,
  canMultiConn: 256,
  sendCache: 1024,
} as const;

export const Option = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

const ERROR = 2 ** 31;

export const OptionReply = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  errUnsup: ERROR + 1,
  errPolicy: ERROR + 2,
  errInvalid: ERROR + 3,
  errPlatform: ERROR + 4,
  errTlsReqd: ERROR + 5,
  errUnknown: ERROR + 6,
  errShutdown: ERROR + 7,
  errBlockSizeReqd: ERROR + 8,
} as const;

/** Whether an option reply of this type is a refusal (bit 31). */
export function isOptionError(type: number): boolean {
  return type >= ERROR;
}

export const Info = { export: 0, name: 1, blockSize: 3 } as const;

export const Command = {
  read: 0,
  write: 1,
  disc: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

export const CommandFlag = { fua: 1, noHole: 2, df: 4, reqOne: 8 } as const;

export const ReplyFlag = { done: 1 } as const;

const CHUNK_ERROR = 2 ** 15;

export const ReplyType = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  error: CHUNK_ERROR + 1,
} as const;

/** Whether chunks of this type tell of an error (bit 15). */
export function isErrorChunk(type: number): boolean {
  return type >= CHUNK_ERROR;
}

/** Flags of an extent in the context `base:allocation`. */
export const StateFlag = { hole: 1, zero: 2 } as const;

export const ALLOCATION_CONTEXT = 'base:allocation';

/** The longest string, in bytes of UTF-8. */
export const MAX_STRING = 4096;

/** The longest read or write that both sides may count on, in bytes. */
export const MAX_REQUEST = 32 * 1024 * 1024;

/** What a client may assume of a server that does not tell the size of its blocks. */
export const DEFAULT_MIN_BLOCK = 512;

const errors = new Map([
  ['EPERM', 1],
  ['EIO', 5],
  ['ENOMEM', 12],
  ['EINVAL', 22],
  ['ENOSPC', 28],
  ['EOVERFLOW', 75],
  ['ENOTSUP', 95],
  ['ESHUTDOWN', 108],
]);
const aliases = new Map([
  ['EROFS', 'EPERM'],
  ['EDQUOT', 'ENOSPC'],
  ['EFBIG', 'ENOSPC'],
  ['EOPNOTSUPP', 'ENOTSUP'],
]);
const names = new Map([...errors].map(([name, number]) => [number, name]));

/** The number on the wire for an errno name; those the protocol has none for are invalid arguments, as with QEMU 7.2. */
export function errorNumber(code: string): number {
  return errors.get(aliases.get(code) ?? code) ?? 22;
}

/** The errno name for a number from the wire; the protocol has unknown ones taken as `EINVAL`. */
export function errorName(number: number): string {
  return names.get(number) ?? 'EINVAL';
}
