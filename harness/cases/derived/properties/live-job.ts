/** A job for commands that name jobs: a backup that has far more to copy than its speed lets it, always under one id. */
import { effectsOf } from '../../../../spec/effects/effects-of.ts';
import { isJsonObject } from '../../../../spec/json.ts';
import type { CaseContext } from '../../case.ts';
import { CRAWL } from '../../helpers/job-steps.ts';
import { type DataSource, dataSource, MiB } from '../../helpers/shared-setup.ts';

const SIZE = 64 * MiB;

const COMMANDS = ['blockdev-backup', 'block-job-cancel', 'blockdev-add', 'blockdev-del'];
const EVENTS = ['BLOCK_JOB_CANCELLED', 'BLOCK_JOB_COMPLETED'];

/** Whether spec and endpoint both offer what it takes to start such a job, and to end it. */
export function canHaveJob({ schema }: CaseContext): boolean {
  return (
    COMMANDS.every((name) => schema.commands.has(name)) && EVENTS.every((name) => schema.events.has(name))
  );
}

type NamedSource = DataSource & { readonly 'node-name': string };

export class LiveJob {
  readonly id: string;
  readonly #t: CaseContext;
  readonly #source: NamedSource;
  readonly #target: NamedSource;
  #started = false;

  private constructor(t: CaseContext, sources: readonly [DataSource, DataSource]) {
    this.#t = t;
    this.id = t.name('job');
    const [source, target] = sources;
    this.#source = { ...source, 'node-name': t.name('source') };
    this.#target = { ...target, 'node-name': t.name('target') };
  }

  /** Makes what its nodes are made of; the job is not started yet. */
  static async make(t: CaseContext): Promise<LiveJob> {
    return new LiveJob(t, [await dataSource(t, SIZE), await dataSource(t, SIZE)]);
  }

  async start(): Promise<void> {
    for (const node of [this.#source, this.#target]) await this.#t.execute('blockdev-add', node);
    const { id } = this;
    const nodes = { device: this.#source['node-name'], target: this.#target['node-name'] };
    await this.#t.execute('blockdev-backup', { 'job-id': id, ...nodes, sync: 'full', speed: CRAWL });
    this.#started = true;
  }

  /** Ends the job, if `command` has not: one that cancels does it in time, a speed may be one that lets it end. */
  async end(command?: string): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    const { id } = this;
    const cancel = { execute: 'block-job-cancel', arguments: { device: id, force: true } };
    const { error } = await this.#t.request(cancel);
    const wasCancelled = effectsOf(command ?? '').contents === 'job-cancelled';
    const isCancelled = !isJsonObject(error ?? null) || wasCancelled;
    await this.#t.event(isCancelled ? 'BLOCK_JOB_CANCELLED' : 'BLOCK_JOB_COMPLETED', { device: id });
  }
}
