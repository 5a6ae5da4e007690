/** Nodes: a file of the host, or a window on another node. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import type { Obj } from './json-text.ts';
import { Refusal } from './refusal.ts';

const SECTOR = 512n;

/** What all nodes have, as `blockdev-add` was told. */
export interface NodeSettings {
  readonly readOnly: boolean;
  readonly cache: { readonly direct: boolean; readonly 'no-flush': boolean };
  readonly detectZeroes: string;
}

export abstract class BlockNode {
  readonly name: string;
  readonly settings: NodeSettings;
  /** `blockdev-add` made it by itself, and not as a child of another. */
  readonly isOwn: boolean;
  readonly parents = new Set<BlockNode>();
  writeThreshold = 0n;

  constructor(name: string, settings: NodeSettings, isOwn: boolean) {
    this.name = name;
    this.settings = settings;
    this.isOwn = isOwn;
  }

  abstract readonly driver: string;
  /** What it stands on. */
  abstract readonly child: BlockNode | null;
  abstract readonly filename: string;
  /** What opens it again. */
  abstract readonly options: Record<string, unknown>;
  /** Bytes. */
  abstract size(): bigint;
  /** Bytes that the file below takes on the host. */
  abstract occupied(): bigint;
  abstract resize(size: bigint): void;
  abstract close(): void;
}

/** A regular file, held open. */
export class FileNode extends BlockNode {
  readonly driver = 'file';
  readonly child = null;
  readonly filename: string;
  readonly #fd: number;

  constructor(name: string, settings: NodeSettings, isOwn: boolean, filename: string) {
    super(name, settings, isOwn);
    this.filename = filename;
    const access = settings.readOnly ? constants.O_RDONLY : constants.O_RDWR;
    this.#fd = byHost(`Could not open '${filename}'`, () => openSync(filename, access));
    if (fstatSync(this.#fd).isFile()) return;
    this.close();
    throw new Refusal(`'${filename}' is not a regular file`);
  }

  get options(): Record<string, unknown> {
    return { driver: 'file', filename: this.filename };
  }

  size(): bigint {
    const length = BigInt(fstatSync(this.#fd).size);
    return ((length + SECTOR - 1n) / SECTOR) * SECTOR;
  }

  occupied(): bigint {
    return BigInt(fstatSync(this.#fd).blocks) * SECTOR;
  }

  resize(size: bigint): void {
    if (size > Number.MAX_SAFE_INTEGER) throw new Refusal('Could not resize the file: File too large');
    byHost('Could not resize the file', () => ftruncateSync(this.#fd, Number(size)));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A part of another node, or all of it. */
export class RawNode extends BlockNode {
  readonly driver = 'raw';
  readonly child: BlockNode;
  readonly #offset: bigint;
  /** Null: up to the end of the child, wherever that is. */
  readonly #size: bigint | null;

  constructor(name: string, settings: NodeSettings, isOwn: boolean, child: BlockNode, options: Obj) {
    super(name, settings, isOwn);
    this.child = child;
    this.#offset = (options.offset as bigint | undefined) ?? 0n;
    this.#size = (options.size as bigint | undefined) ?? null;
    if (this.#offset < 0n) throw new Refusal('The offset must not be negative');
    if (this.#size !== null && this.#size < 0n) throw new Refusal('The size must not be negative');
    if ((this.#size ?? 0n) % SECTOR !== 0n) throw new Refusal('The size must be a whole number of sectors');
    const left = child.size() - this.#offset;
    if (left < 0n) throw new Refusal('The offset is beyond the end of the data source');
    if (this.#size !== null && this.#size > left)
      throw new Refusal('The size reaches beyond the end of the data source');
    if (!settings.readOnly && child.settings.readOnly)
      throw new Refusal(`Node '${child.name}' is read-only, and what stands on it must be so too`);
  }

  get filename(): string {
    const isWhole = this.#offset === 0n && this.#size === null;
    return isWhole ? this.child.filename : `json:${JSON.stringify(this.options)}`;
  }

  get options(): Record<string, unknown> {
    const window = {
      ...(this.#offset > 0n && { offset: Number(this.#offset) }),
      ...(this.#size !== null && { size: Number(this.#size) }),
    };
    return { driver: 'raw', ...window, file: this.child.options };
  }

  size(): bigint {
    return this.#size ?? this.child.size() - this.#offset;
  }

  occupied(): bigint {
    return this.child.occupied();
  }

  resize(size: bigint): void {
    if (this.#size !== null) throw new Refusal('A fixed-size node cannot be resized');
    this.child.resize(this.#offset + size);
  }

  close(): void {}
}

const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EFBIG: 'File too large',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
};

/** What the host refuses is refused with its reason. */
function byHost<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Refusal(`${what}: ${TEXTS[code] ?? code}`);
  }
}
