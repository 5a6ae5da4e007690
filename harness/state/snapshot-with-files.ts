/** A snapshot with what the endpoint holds and the files in its scratch folder, to tell later whether all is so again. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Schema } from '../../spec/model.ts';
import { type HeldResources, namedIn, removedName } from './held-resources.ts';
import { openFiles, residentBytes, standardStreams } from './process-state.ts';
import { type Query, type Snapshot, takeSnapshot } from './snapshot.ts';
import { snapshotChange } from './snapshot-change.ts';

/** A live endpoint, as far as its state is looked at. */
export interface StateSource {
  readonly scratch: string;
  /** `pid` absent: it has no process of its own. */
  readonly endpoint: { readonly pid?: number };
  readonly execute: Query;
}

/**
 * A snapshot with what the endpoint holds and when its files changed: what there was before a case, to be held against
 * what is there after.
 */
export class SnapshotWithFiles {
  readonly snapshot: Snapshot;
  readonly held: HeldResources;
  /** Files in the scratch folder, with the time of their last change. */
  readonly #files: ReadonlyMap<string, number>;

  private constructor(snapshot: Snapshot, held: HeldResources, files: ReadonlyMap<string, number>) {
    this.snapshot = snapshot;
    this.held = held;
    this.#files = files;
  }

  /** Asks the endpoint; rejects if a query is not answered with a return. */
  static async take(source: StateSource, endpointSchema: Schema): Promise<SnapshotWithFiles> {
    const query: Query = (command, args) => source.execute(command, args);
    return SnapshotWithFiles.of(source, await takeSnapshot(query, endpointSchema));
  }

  /** With a snapshot that was just taken. */
  static of({ scratch, endpoint }: StateSource, snapshot: Snapshot): SnapshotWithFiles {
    const held: HeldResources = {
      ...namedIn(snapshot),
      openFiles: openFiles(endpoint.pid, scratch),
      files: readdirSync(scratch),
      standardStreams: endpoint.pid === undefined ? [] : standardStreams(endpoint.pid),
      residentBytes: endpoint.pid === undefined ? null : residentBytes(endpoint.pid),
    };
    const times = held.files.map((name) => [name, statSync(join(scratch, name)).mtimeMs] as const);
    return new SnapshotWithFiles(snapshot, held, new Map(times));
  }

  /**
   * Whether `after` has files open that were not, and yet no node more that could be the reason. One that lost its name is
   * not closed for that.
   */
  awaitsClosing({ held }: SnapshotWithFiles): boolean {
    const { openFiles: open, nodes } = this.held;
    return (
      held.nodes.every((name) => nodes.includes(name)) &&
      held.openFiles.some((name) => !open.includes(removedName(name) ?? name))
    );
  }

  /** True if state and files of `after` are as they were; files that are new are removed. */
  restored({ scratch }: StateSource, after: SnapshotWithFiles): boolean {
    for (const name of after.#files.keys())
      if (!this.#files.has(name)) rmSync(join(scratch, name), { recursive: true, force: true });
    for (const [name, time] of this.#files) if (after.#files.get(name) !== time) return false;
    return snapshotChange(this.snapshot, after.snapshot) === null;
  }
}
