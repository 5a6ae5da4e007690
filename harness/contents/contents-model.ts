/**
 * The contents model: what is known of the contents of nodes. What nobody knows is learned by reading; what is known is held to
 * at the next reading. When something may have changed contents in a way that is not followed, it forgets.
 */
import { basename } from 'node:path';
import { TrackedGraph } from './tracked-graph.ts';

/** What a node must contain. */
export interface ExpectedBytes {
  readonly bytes: Buffer;
  /** Other bytes that are right too, place by place. */
  readonly also: Buffer | null;
  /** The node may be longer, and shorter if it is zeroes only that have no place in it. */
  readonly prefix: boolean;
  /** What is wrong if it is not so, as a sentence about `the node`. */
  readonly breach: string;
}

/** A breach of a claim. */
export interface Mismatch {
  readonly message: string;
  /** First wrong byte; null where the length is. */
  readonly offset: number | null;
  readonly expected: number;
  readonly got: number;
}

/** Sizes are told in sectors: what is missing of the last one is no loss. */
const SECTOR = 512;

/** Bytes of the largest node that is read. */
export const LARGEST = 4 * 2 ** 20;

const KEPT = 'a node does not contain what it did';

export class ContentsModel {
  readonly graph = new TrackedGraph();
  readonly #claims = new Map<string, ExpectedBytes>();
  /** How often each node's contents changed in a way that is not followed. */
  readonly #losses = new Map<string, number>();
  #loseTrack = false;

  /** From here on nothing is claimed any more: it lost track of the graph. */
  loseTrack(): void {
    this.#loseTrack = true;
    this.#claims.clear();
  }

  get isUntracked(): boolean {
    return this.#loseTrack;
  }

  expectedOf(name: string): ExpectedBytes | undefined {
    return this.#claims.get(name);
  }

  /** Bytes that are known for sure. */
  bytesOf(name: string): Buffer | null {
    const expectBytes = this.#claims.get(name);
    return expectBytes === undefined || expectBytes.also !== null || expectBytes.prefix
      ? null
      : expectBytes.bytes;
  }

  /** Nodes of which something could be claimed: their bytes are a guest's, and no other's metadata. */
  get readable(): string[] {
    if (this.#loseTrack) return [];
    return [...this.graph.nodes]
      .filter(({ name }) => !name.startsWith('#') && this.graph.isPlain(name) && !this.graph.isOpaque(name))
      .map(({ name }) => name)
      .filter((name) => !this.graph.isStorageOfOther(name));
  }

  isReadable(name: string): boolean {
    return this.readable.includes(name);
  }

  expectBytes(name: string, expectBytes: ExpectedBytes): void {
    if (this.isReadable(name)) this.#claims.set(name, expectBytes);
  }

  /** It was read, and is as it should be or nobody knew. */
  learn(name: string, bytes: Buffer): void {
    this.expectBytes(name, { bytes, also: null, prefix: false, breach: KEPT });
  }

  forget(names: Iterable<string>): void {
    for (const name of names) {
      this.#claims.delete(name);
      this.#losses.set(name, this.lossesOf(name) + 1);
    }
  }

  /** Counts up when the node is forgotten: equal counts mean that all changes in between were followed. */
  lossesOf(name: string): number {
    return this.#losses.get(name) ?? 0;
  }

  /** All whose contents change when those of `names` do, but for `kept`. */
  affected(names: Iterable<string>, kept: ReadonlySet<string> = new Set()): Set<string> {
    const hidden = [...this.graph.nodes].filter(({ hiddenBacking }) => hiddenBacking).map(({ name }) => name);
    const all = this.graph.above([...this.graph.storage(names), ...hidden]);
    for (const name of kept) all.delete(name);
    return all;
  }

  /** Contents of these change, who knows how. */
  disturb(names: readonly string[], kept?: ReadonlySet<string>): void {
    this.#mustKnow(names);
    this.forget(this.affected(names, kept));
  }

  /** Gives nodes up: the model never again claims what they hold. */
  abandon(names: readonly string[]): void {
    this.#mustKnow(names);
    const all = this.affected(names);
    this.forget(all);
    for (const name of all) {
      const node = this.graph.get(name);
      if (node !== undefined) node.opaque = true;
    }
  }

  /** What changes with a node that is not followed, nobody can tell. */
  #mustKnow(names: readonly string[]): void {
    if (names.some((name) => this.graph.get(name) === undefined)) this.loseTrack();
  }

  /** Nodes that open a file whose name is in this text, in whatever way it is written. */
  usersOf(text: string): string[] {
    return [...this.graph.nodes]
      .filter(({ filename }) => filename !== null && text.includes(basename(filename)))
      .map(({ name }) => name);
  }

  /** A guest has written `data` to the node. */
  wrote(name: string, offset: number, data: Buffer): void {
    const expectBytes = this.#claims.get(name);
    this.disturb([name], new Set([name]));
    if (expectBytes === undefined || expectBytes.bytes.length < offset + data.length) {
      this.#claims.delete(name);
      return;
    }
    const patched = (bytes: Buffer): Buffer => {
      const copy = Buffer.from(bytes);
      data.copy(copy, offset);
      return copy;
    };
    this.expectBytes(name, {
      ...expectBytes,
      bytes: patched(expectBytes.bytes),
      also: expectBytes.also && patched(expectBytes.also),
      breach:
        expectBytes.breach === KEPT ? 'a node does not contain what was written to it' : expectBytes.breach,
    });
  }

  /** Null if the bytes are as claimed, or nothing is claimed. */
  judge(name: string, got: Buffer): Mismatch | null {
    const expectBytes = this.#claims.get(name);
    return expectBytes === undefined ? null : mismatchOf(expectBytes, got);
  }
}

/** Null if the bytes are as claimed. */
export function mismatchOf({ bytes, also, prefix, breach }: ExpectedBytes, got: Buffer): Mismatch | null {
  const length = Math.min(bytes.length, got.length);
  const offset = firstDifference(bytes, also, got, length);
  if (offset !== null) return { message: breach, offset, expected: bytes[offset]!, got: got[offset]! };
  const missing = bytes.subarray(got.length);
  if (prefix && missing.every((byte) => byte === 0)) return null;
  const off = prefix ? missing.length : Math.abs(bytes.length - got.length);
  if (off < SECTOR) return null;
  return { message: `${breach}: its length`, offset: null, expected: bytes.length, got: got.length };
}

function firstDifference(bytes: Buffer, also: Buffer | null, got: Buffer, length: number): number | null {
  if (bytes.compare(got, 0, length, 0, length) === 0) return null;
  for (let index = 0; index < length; index += 1)
    if (bytes[index] !== got[index] && (also === null || also[index] !== got[index])) return index;
  return null;
}
