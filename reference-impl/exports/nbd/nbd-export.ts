/** A node as an NBD export: what it tells clients, and what a request does to the node. */

import { contents } from '../../graph/backing-chain.ts';
import { whileReleased } from '../../graph/drained-section.ts';
import type { Node } from '../../graph/node.ts';
import type { NodeGraph, RootChild } from '../../graph/node-graph.ts';
import { NOTHING, Permission } from '../../graph/permissions.ts';
import { IoError } from '../../host/errno.ts';
import { ExportFlag, StateFlag } from '../../nbd/nbd-protocol.ts';

/** What clients are told of the contents of a node. */
const STATES = { data: 0, nothing: StateFlag.hole, zero: StateFlag.hole | StateFlag.zero } as const;

/** A stretch of an export in one state; `flags` are those of `base:allocation`. */
export interface Extent {
  readonly length: number;
  readonly flags: number;
}

/** A client that uses the export; it is disconnected when the export goes. */
export interface Client {
  disconnect(): Promise<void>;
}

const ALWAYS =
  ExportFlag.hasFlags |
  ExportFlag.sendFlush |
  ExportFlag.sendFua |
  ExportFlag.sendCache |
  ExportFlag.canMultiConn;
const WRITABLE = ExportFlag.sendTrim | ExportFlag.sendWriteZeroes;

export class NbdExport {
  readonly name: string;
  readonly writable: boolean;
  /** The clients that have chosen it. */
  readonly clients = new Set<Client>();
  readonly #graph: NodeGraph;
  readonly #root: RootChild;

  /** Takes the permissions that it needs on the node; throws `CommandError`. */
  constructor(graph: NodeGraph, node: Node, name: string, writable: boolean) {
    this.name = name;
    this.writable = writable;
    this.#graph = graph;
    // Clients were told the length, so it stays.
    this.#root = graph.addRoot(node, {
      perm: Permission.consistentRead | (writable ? Permission.write : 0),
      sharedPerm: NOTHING.sharedPerm & ~Permission.resize,
    });
  }

  /** Bytes. */
  get size(): number {
    return this.node.io.length();
  }

  /** `structured`: the client has agreed to structured replies. */
  flags(structured: boolean): number {
    return ALWAYS | (this.writable ? WRITABLE : ExportFlag.readOnly) | (structured ? ExportFlag.sendDf : 0);
  }

  /** Where another node takes the place of the one that was exported, as at the end of a mirror, it is that one. */
  get node(): Node {
    return this.#root.node;
  }

  /** Cuts its clients off, waits for what they had begun, held back no longer, and lets go of the node. */
  async close(): Promise<void> {
    const allGone = () => Promise.all([...this.clients].map((client) => client.disconnect()));
    await whileReleased([this.node], allGone);
    const { node } = this;
    this.#graph.removeRoot(this.#root);
    // A snapshot taken meanwhile may be held by nobody else.
    await this.#graph.releaseUnused(node);
  }

  /** Throws `IoError` for a range that is not all inside; `code` is what the protocol wants for it. */
  checkRange(offset: number, length: number, code: 'EINVAL' | 'ENOSPC'): void {
    if (offset + length > this.size) throw new IoError(code);
  }

  checkWritable(): void {
    if (!this.writable) throw new IoError('EPERM');
  }

  /** States of the range from its start on, neighbours merged, until `most` are known or the range ends. */
  async extents(offset: number, length: number, most: number): Promise<Extent[]> {
    const found: { length: number; flags: number }[] = [];
    for (let done = 0; done < length; ) {
      const status = await contents(this.node, offset + done, length - done);
      const flags = STATES[status.kind];
      const last = found.at(-1);
      if (last?.flags === flags) last.length += status.length;
      else if (found.length === most) return found;
      else found.push({ length: status.length, flags });
      done += status.length;
    }
    return found;
  }
}
