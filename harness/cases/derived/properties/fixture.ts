/**
 * What generated arguments may name: nodes, files and bitmaps of the case's own. It is brought back after each
 * command that was accepted, under the same names, so that every value of a search meets the same fixture.
 */
import type { Live } from '../../../../generators/types/live-names.ts';
import { effectsOf, thingsMade } from '../../../../spec/effects/effects-of.ts';
import { isJsonObject, type JsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import {
  type CaseFile,
  type DataSource,
  dataSource,
  MiB,
  makeFile,
  nodeNames,
} from '../../helpers/shared-setup.ts';
import { missingKind, offersDriver } from '../../node-kinds.ts';
import { canHaveJob, LiveJob } from './live-job.ts';
import type { Problem } from './search.ts';

export class Fixture {
  readonly #t: CaseContext;
  readonly #baseline: readonly string[];
  readonly #names: readonly string[];
  readonly #raw: string;
  readonly #bitmap: string;
  #files: readonly CaseFile[] = [];
  /** What the nodes of these names are made of; none where the endpoint offers nothing for it. */
  #sources: readonly DataSource[] = [];
  #job: LiveJob | undefined;

  private constructor(t: CaseContext, baseline: readonly string[]) {
    this.#t = t;
    this.#baseline = baseline;
    this.#names = [t.name('data'), t.name('data')];
    this.#raw = t.name('raw');
    this.#bitmap = t.name('bitmap');
  }

  /** A fixture in which arguments of `command` can name what there is; any command that names no job by default. */
  static async make(t: CaseContext, command = ''): Promise<Fixture> {
    const lists = t.schema.commands.has('query-named-block-nodes');
    const fixture = new Fixture(t, lists ? await nodeNames(t) : []);
    const namesJob = Object.values(effectsOf(command).uses ?? {}).includes('job');
    if (missingKind('data', t.schema, t.capabilities) === null) {
      fixture.#sources = [await dataSource(t), await dataSource(t)];
      if (namesJob && canHaveJob(t)) fixture.#job = await LiveJob.make(t);
    }
    if (t.capabilities.sharedFiles) fixture.#files = [await makeFile(t, MiB), await makeFile(t, MiB)];
    await fixture.furnish();
    return fixture;
  }

  /** Makes what is to be there. */
  async furnish(): Promise<void> {
    for (const [index, source] of this.#sources.entries())
      await this.#t.execute('blockdev-add', { ...source, 'node-name': this.#names[index]! });
    const [file] = this.#files;
    if (file !== undefined && this.#hasRaw) {
      const child = { driver: 'file', filename: file.path };
      await this.#t.execute('blockdev-add', { driver: 'raw', 'node-name': this.#raw, file: child });
    }
    if (this.#offers('block-dirty-bitmap-add') && this.#sources.length > 0)
      await this.#t.execute('block-dirty-bitmap-add', { node: this.#names[0]!, name: this.#bitmap });
    await this.#job?.start();
  }

  /** What generated values may name now. */
  get live(): Live {
    const { dir } = this.#t;
    return {
      dir,
      nodes: [...this.#names.slice(0, this.#sources.length), ...(this.#hasRaw ? [this.#raw] : [])],
      devices: [],
      jobs: this.#job === undefined ? [] : [this.#job.id],
      bitmaps: this.#offers('block-dirty-bitmap-add') ? [this.#bitmap] : [],
      files: this.#files.slice(1).map(({ path }) => path),
      secrets: [],
      groups: [],
      exports: [],
      iothreads: [],
    };
  }

  /** After a command was accepted: everything is as before again. What is wrong, null if nothing is. */
  async restore(command: string, args: JsonObject): Promise<Problem | null> {
    if (effectsOf(command).undo === 'needless') return null;
    const undoing = thingsMade({ command, arguments: args }).flatMap(({ undo }) => undo ?? []);
    if (undoing.length === 0) {
      await this.clear(command);
      await this.furnish();
    }
    for (const undo of undoing) {
      const { error } = await this.#t.request({ execute: undo.command, arguments: undo.arguments });
      if (isJsonObject(error))
        return [`${undo.command} must undo what ${command} made`, `it was refused: ${String(error.desc)}`];
    }
    return null;
  }

  /**
   * Ends the job, which `command` may have done, and deletes all nodes that were not there at the start, as far as that
   * goes: parents before their children.
   */
  async clear(command?: string): Promise<void> {
    await this.#job?.end(command);
    if (!this.#offers('blockdev-del') || !this.#offers('query-named-block-nodes')) return;
    let left = await this.#made();
    for (let count = Number.POSITIVE_INFINITY; left.length < count && left.length > 0; ) {
      count = left.length;
      for (const name of left)
        await this.#t.request({ execute: 'blockdev-del', arguments: { 'node-name': name } });
      left = await this.#made();
    }
  }

  async #made(): Promise<string[]> {
    const names = await nodeNames(this.#t);
    return names.filter((name) => !this.#baseline.includes(name) && !name.startsWith('#'));
  }

  get #hasRaw(): boolean {
    const { schema } = this.#t;
    return this.#files.length > 0 && offersDriver(schema, 'raw') && offersDriver(schema, 'file');
  }

  #offers(command: string): boolean {
    return this.#t.schema.commands.has(command);
  }
}
