/** The numbers of NBD's public protocol document: for servers and clients of cases, and for what cases expect of others. */

/** What begins each kind of message; the greeting ends with what begins an option. */
export const Magic = {
  greeting: 'NBDMAGICIHAVEOPT',
  option: 'IHAVEOPT',
  optionReply: 0x3e889045565a9n,
  request: 0x25609513,
  simpleReply: 0x67446698,
  chunk: 0x668e33ef,
} as const;

/** What the server offers, and a client asks for: the fixed newstyle handshake, and no zeroes behind an export. */
export const FIXED_NEWSTYLE_NO_ZEROES = 3;

/** What a client may say before it has an export. */
export const NbdOption = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structured: 8,
  listContexts: 9,
  setContexts: 10,
} as const;

/** The first reply to an option that is a refusal. */
export const REFUSAL = 2 ** 31;

/** Kinds of replies to options; the later ones are refusals. */
export const OptionReply = {
  ack: 1,
  server: 2,
  info: 3,
  context: 4,
  unsupported: REFUSAL + 1,
  policy: REFUSAL + 2,
  invalid: REFUSAL + 3,
  tlsRequired: REFUSAL + 5,
  unknown: REFUSAL + 6,
  blockSizeRequired: REFUSAL + 8,
} as const;

/** Kinds of information on an export. */
export const NbdInfo = { export: 0, name: 1, blockSize: 3 } as const;

/** Flags of an export: what it is, and which requests it takes besides reads and writes. */
export const ExportFlag = {
  has: 1,
  readOnly: 2,
  flush: 4,
  fua: 8,
  trim: 32,
  writeZeroes: 64,
  df: 128,
  multi: 256,
  cache: 1024,
  fastZero: 2048,
} as const;

/** Kinds of requests. */
export const NbdCommand = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  status: 7,
} as const;

/** Flags of a request. `noHole`: what it makes zero must take space; `reqOne`: the status of the first extent only. */
export const RequestFlag = { fua: 1, noHole: 2, df: 4, reqOne: 8 } as const;

/** Kinds of chunks of a structured reply. */
export const Chunk = { none: 0, data: 1, hole: 2, status: 5, error: 0x8001, errorAt: 0x8002 } as const;

/** Flag of the last chunk of a reply. */
export const DONE = 1;

/** State of an extent that takes no space, and reads as zeroes. */
export const HOLE = 3;

/** Errors of requests. */
export const NbdErrno = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;
