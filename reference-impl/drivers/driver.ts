/**
 * What a block driver implements. A driver knows this file, what is below and its own format, never the graph or another
 * driver: its children arrive as handles, and all requests to it come through the graph's block I/O layer
 * (`graph/block-io.ts`), which owns what every driver would repeat.
 *
 * The block I/O layer promises an opened driver:
 * - every request is non-empty, aligned to `limits.requestAlignment` and no longer than `limits.maxTransfer`;
 * - requests end within `length()` rounded up to that alignment; a write to a `growable` driver may pass it;
 * - no write, zero write, discard or flush comes to a read-only node;
 * - two requests of which one writes never overlap; nothing is in flight during `truncate` and `close`.
 *
 * Offsets and lengths are bytes, and `number`: they are exact up to 2^53, and beyond that as exact as QEMU's own parser
 * of sizes, which works in doubles as well. What a `DriverState` is asked for is a position in the disk that its node shows; what a
 * `ChildHandle` is asked for is one in that child.
 */
import type {
  BlkdebugEvent,
  BlockdevCreateOptions,
  BlockdevDriver,
  BlockdevOptions,
  BlockdevRef,
  QmpEvents,
  SnapshotInfo,
} from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { TlsCredentials } from '../crypto/tls-channel.ts';
import type { Clock } from '../host/clock.ts';
import type { HostWork } from '../host/host-work.ts';
import type { FormerOptions } from '../qapi/former-options.ts';
import type { ThrottleGroup } from '../throttle/throttle-group.ts';

/**
 * The own options of driver `D`, as the schema checked them: without the members that all drivers share. Any may be absent,
 * since the name of a file stands for options too and may say less than the schema asks for.
 */
export type DriverOptions<D extends BlockdevDriver> = Readonly<
  Partial<Omit<Extract<BlockdevOptions, { driver: D }>, keyof BlockdevOptions>>
>;

/** What makes a new image of driver `D`: its branch of `BlockdevCreateOptions` as the schema checked it, without `driver`. */
export type CreateOptions<D extends BlockdevDriver> = Readonly<
  Omit<Extract<BlockdevCreateOptions, { driver: D }>, 'driver'>
>;

/** What is known of a new image that is asked for by file name and format. */
export interface NamedCreation {
  /** Bytes. */
  readonly size: number;
  /** Of the image. */
  readonly filename?: string;
  readonly 'backing-file'?: string;
  /** A driver's name. */
  readonly 'backing-fmt'?: string;
}

/** The options that define a child, or a list of them. */
type ChildOption<Options> = {
  [K in keyof Options]-?: BlockdevRef extends Options[K] ? K : BlockdevRef[] extends Options[K] ? K : never;
}[keyof Options];

/**
 * Options that a file name means, with names of files where children would be defined (`Driver.parseFilename`). Others may
 * be text, and are shown so; the driver has them as they are.
 */
type NamedOptions<Options> = {
  readonly [K in keyof Options]?: K extends ChildOption<Options>
    ? string | { readonly file: string }
    : Options[K] | string;
};

/** Flags of a write, as the block I/O layer hands them down. */
export interface WriteFlags {
  /** The data must be on stable storage before the request ends. */
  readonly fua?: boolean;
}

/** Flags of a write of zeroes. */
export interface ZeroFlags extends WriteFlags {
  /** The range may lose its allocation. */
  readonly mayUnmap?: boolean;
}

/** What a stretch of a node is, as `blockStatus` reports it. */
export interface BlockStatus {
  /** Bytes from the given offset on for which this holds; at least 1, at most what was asked for. */
  readonly length: number;
  readonly zero: boolean;
  /** This layer decides the contents: a backing file does not show through. */
  readonly allocated: boolean;
  /** Where the bytes lie in the child `file`, if they lie there as they are. */
  readonly offset?: number;
}

/** What a driver can do at once, in bytes. The block I/O layer aligns and splits requests by it. */
export interface Limits {
  /** A power of two. */
  readonly requestAlignment: number;
  /** 0: no limit. */
  readonly maxTransfer: number;
  /** What is not aligned to this (0: to `requestAlignment`) is zeroed by writing zeroes as data. */
  readonly zeroAlignment: number;
  /** 0: no limit. */
  readonly maxZero: number;
  /** What is not aligned to this (0: to `requestAlignment`) is not discarded. */
  readonly discardAlignment: number;
  /** 0: no limit. */
  readonly maxDiscard: number;
}

/** Of what takes any request. */
export const NO_LIMITS: Limits = {
  requestAlignment: 1,
  maxTransfer: 0,
  zeroAlignment: 0,
  maxZero: 0,
  discardAlignment: 0,
  maxDiscard: 0,
};

/** What a node tells of itself to `query-named-block-nodes` beyond its options; filters pass it on. */
export interface DriverInfo {
  /** 0 where the format has no clusters. */
  readonly clusterSize: number;
  readonly dirty: boolean;
  /** What images above remember the contents by; it changes when they do. */
  readonly contentId?: number;
}

/** A backing file as an image's header names it; `format` is a driver's name. */
export interface BackingName {
  readonly name: string;
  readonly format?: string | undefined;
  /** It is open by this name, which therefore is not relative to the image. */
  readonly isOpen?: boolean;
}

/** What a format's metadata says of the image. */
export interface ImageDetails {
  /** `ImageInfoSpecific` */
  readonly formatSpecific?: JsonObject;
  /** Contents are encrypted. */
  readonly encrypted?: boolean;
  /** The image wants this backing file; the graph opens it. */
  readonly backing?: BackingName | undefined;
}

/** Internal snapshots of an image. */
export interface InternalSnapshots {
  /** In the order in which they were taken. */
  list(): readonly SnapshotInfo[];
  /** Takes one of what the image holds now, and gives it the next free id. Throws `IoError`. */
  create(snapshot: {
    readonly name: string;
    readonly seconds: number;
    readonly nanoseconds: number;
  }): Promise<void>;
  /** Throws `IoError`. */
  delete(id: string): Promise<void>;
}

/** A dirty bitmap as an image keeps it. */
export interface StoredBitmap {
  readonly name: string;
  /** Bytes, a power of two. */
  readonly granularity: number;
  /** It goes on recording when the image is opened. */
  readonly recording: boolean;
  /**
   * Pieces of the map, each with its position in bytes; what is in none of them is zeroes. Bit `n % 8` of byte
   * `n / 8` stands for block `n` of the disk. What lies behind the end of the disk means nothing.
   */
  readonly parts: Iterable<readonly [position: number, bytes: Uint8Array]>;
}

/** Dirty bitmaps that an image keeps while it is closed. Nothing is in flight during these calls. */
export interface PersistentBitmaps {
  /** Gives the bitmaps that can be trusted, as they were stored. Throws `IoError`. */
  load(): Promise<readonly StoredBitmap[]>;
  /** Throws `CommandError` with the reason why one like this cannot be stored. */
  check(name: string, granularity: number): void;
  /** Called before a writable node is closed or becomes read-only: these replace those of the same names. */
  store(bitmaps: readonly StoredBitmap[]): Promise<void>;
  /** Takes one out of the image, if it is there. Throws `IoError`. */
  remove(name: string): Promise<void>;
}

/** An image was found broken (BLOCK_IMAGE_CORRUPTED). */
export interface CorruptionReport {
  readonly msg: string;
  /** The write that was prevented, in bytes of the image file. */
  readonly offset?: number;
  readonly size?: number;
  /** The image cannot be used any more: the node loses its driver. */
  readonly fatal: boolean;
}

/** A child as its parent's driver sees it. Requests need no alignment; they throw `IoError`. */
export interface ChildHandle {
  readonly nodeName: string;
  /** Bytes, a multiple of 512. */
  length(): number;
  read(offset: number, buffer: Uint8Array): Promise<void>;
  write(offset: number, data: Uint8Array, flags?: WriteFlags): Promise<void>;
  writeZeroes(offset: number, length: number, flags?: ZeroFlags): Promise<void>;
  discard(offset: number, length: number): Promise<void>;
  flush(): Promise<void>;
  /** Throws `CommandError`, in the words that the whole command answers with. */
  truncate(length: number): Promise<void>;
  blockStatus(offset: number, length: number): Promise<BlockStatus>;
  readonly limits: Limits;
  info(): DriverInfo | undefined;
  allocatedSize(): number | undefined;
  /**
   * Tells the child what its parent is about to do with it, so that `blkdebug` can break it, or stop the request: it may go on
   * when what it gives resolves.
   */
  debugEvent(event: BlkdebugEvent): Promise<void> | undefined;
}

/**
 * What a child is to its parent: the role decides which permissions the parent takes on it (`graph/permissions.ts`).
 * `file`: holds a format's metadata and data. `filtered`: the parent passes requests on; `job-filtered`: it does so
 * for a job, which sees to it that nobody is disturbed. `backing`: shows through where an image has nothing of its own;
 * the graph opens, changes and removes it while the parent lives.
 */
export type ChildRole = 'file' | 'filtered' | 'job-filtered' | 'backing';

/**
 * What a driver is given when a node is opened, and may use until it is closed. One whose options are `unknown` is for those
 * who do not read them.
 */
export interface OpenEnvironment<Options = unknown> {
  /** `DriverOptions` of the driver. */
  readonly options: Options;
  readonly readOnly: boolean;
  /** `cache.direct`: the host's page cache is to be left out. */
  readonly direct: boolean;
  /**
   * Given where nobody named the driver, and the file's beginning told it: whether one that begins with these bytes
   * (at least 512) would tell the same. A guest could else make its disk an image of another format.
   */
  readonly staysProbed?: ((start: Uint8Array) => boolean) | undefined;
  /**
   * Opens or looks up the child that option `name` defines; `children.0` is the first of a list. A format's `file`
   * has been opened before; a `backing` child is not for the driver to open.
   */
  child(name: string): Promise<ChildHandle>;
  /**
   * Opens the file of this name as a child of the given name, which no option defines; a relative one begins where the
   * image lies.
   */
  childBeside(name: string, filename: string): Promise<ChildHandle>;
  /** What queries show as the file name of a child that is open. */
  filenameOf(child: string): string;
  /** The backing child of the moment; none while the driver opens. */
  backing(): ChildHandle | undefined;
  /** The bytes of a `secret` object. Throws `CommandError`. */
  secret(id: string): Buffer;
  /** What a `tls-creds-x509` object holds for clients. Throws `CommandError`. */
  tlsCredentials(id: string): TlsCredentials;
  /** Tells that the image is broken; a fatal report takes effect when the request at hand has ended. */
  corrupted(report: CorruptionReport): void;
  /** The throttle group of this name, object or drive's. Throws `CommandError`. */
  throttleGroup(id: string): ThrottleGroup;
  /** Sends an event of the driver's own. */
  emit<E extends 'QUORUM_FAILURE' | 'QUORUM_REPORT_BAD'>(event: E, data: QmpEvents[E]): void;
  /** How events call the node: by the name of its drive, else by its own. */
  reference(): string;
  /** Tells the people behind the endpoint, on one line. */
  log(line: string): void;
  /** Tells them what they asked for, as QEMU prints it to its standard output. */
  print(line: string): void;
  /** Ends the endpoint on the spot with status 1, after telling why. */
  abort(line: string): void;
  /** What the guest is called, by its UUID or else by its name, if somebody said so. */
  readonly guest?: string | undefined;
  readonly clock: Clock;
  /** 32 bits. */
  readonly random: () => number;
  readonly hostWork: HostWork;
  /** Relative file names start here. */
  readonly cwd: string;
}

/** Children that come and go while the node lives (`x-blockdev-change`). */
export interface DynamicChildren {
  /** The name that the next child will have. Throws `CommandError` if there may be none. */
  nextName(): string;
  add(name: string, child: ChildHandle): void;
  /** Throws `CommandError` for a child that must stay. */
  remove(name: string): void;
}

/** Where a driver stops requests on demand. A tag names breakpoints, and the requests that they have stopped. */
export interface Breakpoints {
  /** Stops the next request that comes to the event. Throws `IoError` if there is no such event. */
  set(event: string, tag: string): void;
  /** Takes breakpoints back; what they stopped goes on. Throws `IoError` if none was left to take back. */
  remove(tag: string): void;
  /** Lets the request that was stopped last go on. Throws `IoError` if there is none. */
  resume(tag: string): void;
  /** Resolves when a request is stopped. Throws `IoError` if none can be. */
  suspended(tag: string): Promise<void>;
}

/** An opened node's driver state. Methods that are absent are not supported. */
export interface DriverState {
  /** Bytes, before rounding up to whole sectors; asked after opening and after every `truncate`. Throws `IoError`. */
  length(): number;
  /** The length is asked for at every use: it follows a child that others resize. */
  readonly variableLength?: boolean;
  readonly limits?: Partial<Limits> | undefined;
  /** Nodes with the same one lock the same file of the host, and must agree on what they do with it. */
  readonly lock?: string | undefined;
  /** A write may pass the end of the node and so makes it longer. */
  readonly growable?: boolean;
  /** The driver cannot write: its nodes are read-only, whatever was asked for, and stay so. */
  readonly onlyReads?: boolean;
  /** Its nodes stay read-only or not, as they were opened: QEMU's driver cannot be reopened. */
  readonly keepsMode?: boolean;
  read(offset: number, buffer: Uint8Array): Promise<void>;
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Default: zeroes are written as data. */
  writeZeroes?(offset: number, length: number, flags: ZeroFlags): Promise<void>;
  /** A hint; the contents of the range are undefined afterwards. Default: nothing. */
  discard?(offset: number, length: number): Promise<void>;
  /** Default: nothing. */
  flush?(): Promise<void>;
  /** Throws `CommandError` for what this driver refuses. */
  truncate?(length: number): Promise<void>;
  /** Default: all of it is allocated data. */
  blockStatus?(offset: number, length: number): Promise<BlockStatus>;
  /** Writes whole clusters in compressed form; the last one may end with the disk. */
  writeCompressed?(offset: number, data: Uint8Array): Promise<void>;
  info?(): DriverInfo | undefined;
  details?(): ImageDetails;
  readonly snapshots?: InternalSnapshots;
  readonly bitmaps?: PersistentBitmaps;
  /** Bytes taken on the host. */
  allocatedSize?(): number | undefined;
  readonly children?: DynamicChildren;
  /** What the parent, or the block I/O layer, is about to do with the node; and does when this resolves. */
  debugEvent?(event: BlkdebugEvent): Promise<void> | undefined;
  readonly breakpoints?: Breakpoints;
  /** Lets go of the requests that the driver holds back, and holds back none until the result is called. */
  drain?(): () => void;
  /** Forgets all that the image holds itself, so that its backing file shows through. Nothing is in flight. Throws `IoError`. */
  makeEmpty?(): Promise<void>;
  /** Writes another backing file, or none, into the image's header. Throws `IoError`. */
  changeBackingFile?(backing: BackingName | undefined): Promise<void>;
  /**
   * The node has become read-only or writable. Nothing is in flight; what was written has been flushed. Children that
   * must be writable are so before, and as long. Throws `CommandError`, and then nothing has changed. Default: nothing.
   */
  setReadOnly?(readOnly: boolean): Promise<void>;
  /**
   * Makes ready to take other values, as text, for options of its own, and gives what takes them; undefined if one of them
   * is none that can change. Throws `CommandError` for a value that cannot be. What takes them is called when nothing is in
   * flight, and rejects with `CommandError` if nothing has changed. Default: none can change.
   */
  prepareReopen?(changes: ReadonlyMap<string, string>): (() => void | Promise<void>) | undefined;
  close(): Promise<void>;
}

/** What a driver gets to make a new image. */
export interface CreateEnvironment<Options = unknown> {
  /** `CreateOptions` of the driver. */
  readonly options: Options;
  /** Opens or looks up the node that option `file` defines; it may be written and resized until `create` ends. */
  file(): Promise<ChildHandle>;
  secret(id: string): Buffer;
  /** Throws `CommandError` if a node locks the file of the host of which this is the lock. */
  claim(lock: string): void;
  readonly random: () => number;
  /** Tells the people behind the endpoint, on one line. */
  log(line: string): void;
  readonly clock: Clock;
  readonly hostWork: HostWork;
  readonly cwd: string;
}

/** The block driver that the schema calls `D`. */
export type Driver<D extends BlockdevDriver> = BlockDriver<
  DriverOptions<D>,
  CreateOptions<D>,
  NamedOptions<DriverOptions<D>>
>;

/** Drivers by name: the table of `index.ts`. */
export type Drivers = { readonly [D in BlockdevDriver]?: Driver<D> };

/** A driver as the graph knows it, which hands on to it what the schema checked under its name. */
export type AnyDriver = BlockDriver<JsonObject, JsonObject, JsonObject>;

/** What its nodes are like, and how one is opened. */
export interface BlockDriver<Options, Creation, Named> {
  /**
   * `protocol` reaches the bytes itself. `format` has its child `file` opened before the node itself gets its name.
   * `filter` opens its children afterwards, and shows the disk that its child shows.
   */
  readonly kind: 'protocol' | 'format' | 'filter';
  /** Which options name children, or lists of them. One called `backing` may be left out or empty. */
  readonly children: Readonly<Record<ChildOption<Options>, ChildRole>>;
  /** The option that is the node's file name; the driver cannot do without one. */
  readonly filenameOption?: keyof Options & string;
  /** Prefixes of file names that are this protocol's (`nbd` of `nbd:…`), and the options that such a name means. */
  readonly protocols?: readonly string[];
  /**
   * The driver's own options that a file name means, which may lack such a prefix where the driver was named beside it. A child
   * is the file name of its protocol node, or `{file}` with it where the format in that is to be found out. Throws `CommandError`.
   */
  readonly parseFilename?: (filename: string) => Named;
  /** Options that only a file name can mean: the schema does not know them. */
  readonly unlistedOptions?: readonly string[];
  /** Options that are read by themselves: what is wrong in their values is told without their name. */
  readonly readAlone?: readonly (keyof Options & string)[];
  readonly former?: FormerOptions;
  /** Options that cannot stand beside a file name; those of former names cannot either. */
  readonly filenameExcludes?: readonly (keyof Options)[];
  /**
   * The short name of a node that was given none of the driver's own options; as a function, of one that was given these, over
   * children of these short names: undefined if they say more than a name can. They are as written: by the command line, text.
   */
  readonly plainFilename?:
    | string
    | ((options: Options, children: Readonly<Record<string, string | undefined>>) => string | undefined);
  /** The driver's own options, which are as they were written, as a `json:` name has them. Default: the same. */
  readonly shownOptions?: (options: Options) => Options;
  /** The child whose statistics stand below the node's. Default: `file`. */
  readonly fileChild?: ChildOption<Options>;
  /** Opens the node; throws `CommandError`. What it opened itself is closed again when it throws. */
  readonly open: (environment: OpenEnvironment<Options>) => Promise<DriverState>;
  /**
   * How sure it is that a file of this name which begins with `start` (512 bytes, zeroes behind its end) is of this format:
   * 0 is no, 1 is the last resort, 100 a magic number. Default: never.
   */
  probe?(start: Uint8Array, filename: string): number;
  /** The option that names the secret of an image; commands that cannot give it make no image of this format. */
  readonly secretOption?: keyof Options & string;
  /** Makes a new image (`x-blockdev-create`). Throws `CommandError`. */
  readonly create?: (environment: CreateEnvironment<Creation>) => Promise<void>;
  /** False where headers have no place for the format of a backing file: new images get no backing file then. */
  readonly namesBackingFormat?: false;
  /**
   * Makes a new image of a format, or a file of a protocol, that `x-blockdev-create` does not make, for commands that name a file and a format.
   * Throws `CommandError`.
   */
  readonly createNamed?: (environment: CreateEnvironment<NamedCreation>) => Promise<void>;
}
