/**
 * Brings a live endpoint back to its start state with commands, which costs less than to start another:
 *
 *   1. end exports, take out media, delete the nodes, again and again while one gives way, and the objects;
 *   2. make the image files anew, and remove all others;
 *   3. make the objects and nodes of the start state, without those that a device kept, and put media back;
 *   4. compare with what was there at first, names that the endpoint gives aside.
 *
 * Commands of a step are sent at once: an endpoint answers one after the other.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Json, type JsonObject, parseJson, stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { QmpError } from '../qmp/errors.ts';
import type { Session } from '../runner/endpoint-session.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { snapshotChange } from '../state/snapshot-change.ts';
import { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import { makeImages } from '../targets/make-images.ts';
import type { FuzzStartState } from './start-states.ts';

const GIVEN_NAME = /#block\d+/g;
/** Looks whether the last export is gone. */
const EXPORT_POLLS = 20;

export interface ResetOptions {
  readonly session: Session;
  readonly startState: FuzzStartState;
  readonly endpointSchema: Schema;
  /** What was there at first. */
  readonly home: SnapshotWithFiles;
  /** Ids of objects that may be left. */
  readonly objects: readonly string[];
}

/** One reset of one endpoint. Nothing that goes wrong is a program's doing: a new endpoint is the remedy. */
export class EndpointReset {
  readonly #options: ResetOptions;
  /** Nodes that a device keeps; null: step 1 is not done. */
  #kept: readonly string[] | null = null;

  constructor(options: ResetOptions) {
    this.#options = options;
  }

  /**
   * Step 1 but for the objects: afterwards nobody uses the image files any more, which are still as they were left.
   * False if the endpoint cannot be used, ended, or hangs. Never rejects.
   */
  async clear(): Promise<boolean> {
    const { session, startState } = this.#options;
    if (!session.usable) return false;
    try {
      await this.#endExports();
      await Promise.all(
        Object.keys(startState.drives).flatMap((id) => [
          this.#try('blockdev-open-tray', { id, force: true }),
          this.#try('blockdev-remove-medium', { id }),
        ]),
      );
      this.#kept = await this.#deleteNodes();
      return true;
    } catch {
      return false;
    }
  }

  /** All steps. True if all is as it was; then the session's baseline is set. Never rejects. */
  async run(): Promise<boolean> {
    const { session, endpointSchema, home } = this.#options;
    if (this.#kept === null && !(await this.clear())) return false;
    try {
      await this.#restore(this.#kept ?? []);
      const after = await SnapshotWithFiles.take(session, endpointSchema);
      if (!sameState(home.snapshot, after.snapshot)) return false;
      session.baseline = after;
      return true;
    } catch {
      return false;
    }
  }

  async #restore(kept: readonly string[]): Promise<void> {
    const { startState, objects } = this.#options;
    const ids = new Set([...objects, ...startState.objects.map((object) => String(object.id))]);
    await Promise.all([...ids].map((id) => this.#try('object-del', { id })));
    await this.#makeFiles();
    await Promise.all([
      ...startState.objects.map((object) => this.#try('object-add', this.#objectArguments(object))),
      ...startState.nodes.map((node) => this.#try('blockdev-add', this.#inScratch(node))),
      ...kept.map((name) =>
        this.#try('block-set-write-threshold', { 'node-name': name, 'write-threshold': 0 }),
      ),
      ...Object.entries(startState.drives).flatMap(([id, node]) => [
        ...(node === null ? [] : [this.#try('blockdev-insert-medium', { id, 'node-name': node })]),
        this.#try('blockdev-close-tray', { id }),
      ]),
    ]);
  }

  async #endExports(): Promise<void> {
    const { session, endpointSchema } = this.#options;
    await this.#try('nbd-server-stop');
    if (!endpointSchema.commands.has('query-block-exports')) return;
    for (let poll = 0; poll < EXPORT_POLLS; poll += 1) {
      const exports = (await session.asking('runner')('query-block-exports')) as JsonObject[];
      if (exports.length === 0) return;
      await Promise.all(exports.map(({ id }) => this.#try('block-export-del', { id: id!, mode: 'hard' })));
      await session.endpoint.settle(1);
    }
  }

  /** The last first: it may stand on others. Gives those that do not go. */
  async #deleteNodes(): Promise<string[]> {
    const nodes = (await this.#options.session.asking('runner')('query-named-block-nodes')) as JsonObject[];
    let names = nodes.map((node) => String(node['node-name'])).filter((name) => !name.startsWith('#'));
    names.reverse();
    for (let before = Number.POSITIVE_INFINITY; names.length < before; ) {
      before = names.length;
      const gone = await Promise.all(names.map((name) => this.#try('blockdev-del', { 'node-name': name })));
      names = names.filter((_, index) => !gone[index]);
    }
    return names;
  }

  async #makeFiles(): Promise<void> {
    const { scratch, topology } = this.#options.session;
    const images = new Set(topology.images.map(({ path }) => path));
    for (const name of await readdir(scratch))
      if (!images.has(name)) await rm(join(scratch, name), { recursive: true, force: true });
    await makeImages(topology.images, scratch);
  }

  /** Where properties have an object of their own, they are put there. */
  #objectArguments({ 'qom-type': type, id, ...properties }: JsonObject): JsonObject {
    const { members } = this.#options.endpointSchema.commands.get('object-add')!.arguments;
    const apart = members.some(({ name }) => name === 'props');
    return { 'qom-type': type!, id: id!, ...(apart ? { props: properties } : properties) };
  }

  #inScratch(node: JsonObject): JsonObject {
    const { dir } = this.#options.session.endpoint;
    return parseJson(stringifyJson(node).replaceAll('@DIR@', dir)) as JsonObject;
  }

  /** False if it is refused, or not offered: what that leaves is seen in the end. */
  async #try(command: string, args?: JsonObject): Promise<boolean> {
    const { session, endpointSchema } = this.#options;
    if (!endpointSchema.commands.has(command)) return false;
    try {
      await session.execute(command, args);
      return true;
    } catch (error) {
      if (error instanceof QmpError) return false;
      throw error;
    }
  }
}

function sameState(before: Snapshot, after: Snapshot): boolean {
  return snapshotChange(plain(before), plain(after)) === null;
}

/** Without the names that the endpoint gave; nodes that a device kept stand before those made again. */
function plain({ nodes, devices, jobs }: Snapshot): Snapshot {
  const state = parseJson(stringifyJson({ devices, jobs }).replace(GIVEN_NAME, '#')) as JsonObject;
  const texts = (nodes as Json[]).map((node) => stringifyJson(node).replace(GIVEN_NAME, '#'));
  return { devices: state.devices!, jobs: state.jobs!, nodes: texts.toSorted().map(parseJson) };
}
