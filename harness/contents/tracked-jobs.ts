/** What block jobs do to contents: while they run, and when they end. */
import { basename } from 'node:path';
import type { JobKind } from '../../spec/effects/effects.ts';
import { effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { ClosedImage } from './closed-images.ts';
import type { ContentsModel, ExpectedBytes } from './contents-model.ts';
import type { BitmapEffects } from './tracked-bitmaps.ts';

/** Jobs that copy between nodes, or from one into a file. */
type BlockJobKind = Exclude<JobKind, 'amend' | 'create'>;

interface TrackedJob {
  readonly id: string;
  readonly kind: BlockJobKind;
  /** Whose contents are copied: source, or top of what is committed; of a stream the node that takes. */
  readonly from: string;
  /** Into which they go; null where that is no node that is known. */
  readonly to: string | null;
  readonly sync: string;
  readonly bitmap: string | null;
  /** Contents of `from` and `to` when it began. */
  readonly start: Buffer | null;
  readonly before: Buffer | null;
  /** How often `from` had changed by then without its own writes, which the job does not see either. */
  readonly losses: number;
  /** An error may be passed over in silence. */
  readonly ignores: boolean;
  /** The file that it opens as its target, and the format if that is told and it makes the file; else null or ''. */
  readonly file: { readonly filename: string; readonly driver: string; readonly node: string | null } | null;
  /** The node through which others reach `from` while it runs; null if nobody can name it. */
  readonly filter: string | null;
  /** It was told to complete: users of the source move to the target. */
  pivots: boolean;
  /** False when there may be two jobs of this id, or a write came when it may have ended already. */
  certain: boolean;
}

const BREACHES: Readonly<Record<Exclude<BlockJobKind, 'stream'>, string>> = {
  mirror: 'the target of a completed mirror is not equal to its source',
  backup: 'the target of a completed backup does not contain what its source did at the start',
  commit: 'the base of a completed commit does not contain what was above it',
};

/** The reason why a target is given up whose source has no backing file, but stands on a node that has. */
const ABOVE_CHAIN = 'the target of a completed mirror lacks what a backing file below its source shows';

const LEFT = 'the file that a job made and closed does not contain what was copied';

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

export interface JobListener {
  /** Users of the first node use the second now. */
  moved(from: string, to: string): void;
  /** A job has made a file and closed it. */
  left(filename: string, image: ClosedImage): void;
}

export class JobEffects {
  readonly #model: ContentsModel;
  readonly #bitmaps: BitmapEffects;
  readonly #told: JobListener;
  readonly #jobs = new Map<string, TrackedJob>();

  constructor(model: ContentsModel, bitmaps: BitmapEffects, told: JobListener) {
    this.#model = model;
    this.#bitmaps = bitmaps;
    this.#told = told;
  }

  /** Ids of jobs that have not ended. */
  get active(): string[] {
    return [...this.#jobs.keys()];
  }

  /** Whether a job has opened a file of this name as its target. */
  opens(image: string): boolean {
    return [...this.#jobs.values()].some(({ file }) => file !== null && basename(file.filename) === image);
  }

  /** Nodes whose contents change at any time now. */
  get inFlux(): Set<string> {
    return new Set([...this.#jobs.values()].flatMap((job) => [...this.#touched(job)]));
  }

  /** Whether what is there has to be copied before `node` is written to: where that fails, so does the write. */
  copiesBeforeWrite(node: string): boolean {
    const affected = this.#model.affected([node]);
    return [...this.#jobs.values()].some(({ kind, from }) => kind === 'backup' && affected.has(from));
  }

  /** A write to `node` ended about when these events came: whether jobs that ended have seen it cannot be told. */
  doubt(node: string, events: readonly JsonObject[]): void {
    for (const { data } of events) {
      const job = this.#jobs.get(isJsonObject(data) ? String(data.device) : '');
      if (job !== undefined && this.#model.affected([node]).has(job.from)) job.certain = false;
    }
  }

  /** The job of these arguments was told to complete. */
  toldToComplete(args: JsonObject): void {
    const job = this.#jobs.get(String(args.device ?? args.id));
    if (job !== undefined) job.pivots = true;
  }

  /** A command started a job that copies; of any other nobody knows what it does. */
  started(command: string, args: JsonObject): void {
    const { job, makes = [] } = effectsOf(command);
    const kind = job !== undefined && isCopy(job) ? job : null;
    const from = text(args.device) ?? '';
    const id = text(args['job-id']) ?? from;
    const earlier = this.#jobs.get(id);
    const file = makes.some((made) => made.kind === 'file') ? fileOf(args) : null;
    const ends = kind === null ? null : this.#endsOf(kind, file !== null, args);
    if (earlier !== undefined) earlier.certain = false;
    if (earlier !== undefined || kind === null || ends === null) {
      this.#model.loseTrack();
      return;
    }
    const tracked: TrackedJob = {
      id,
      kind,
      ...ends,
      sync: text(args.sync) ?? 'full',
      bitmap: text(args.bitmap),
      start: this.#model.bytesOf(ends.from),
      before: ends.to === null ? null : this.#model.bytesOf(ends.to),
      losses: this.#model.lossesOf(ends.from),
      ignores: ['on-error', 'on-source-error', 'on-target-error'].some((member) => args[member] === 'ignore'),
      filter: text(args['filter-node-name']),
      // A commit from below the active layer takes effect by itself.
      pivots: kind === 'commit' && ends.from !== from,
      file,
      certain: args.replaces === undefined && args['bitmap-mode'] === undefined,
    };
    this.#jobs.set(id, tracked);
    this.#model.forget(this.#touched(tracked));
    this.#filtered(tracked);
  }

  /** What is done to the job's filter is done to the node below it, also by those who stand on the filter. */
  #filtered({ from, filter }: TrackedJob): void {
    if (filter !== null)
      this.#model.graph.add({ driver: 'raw', 'node-name': filter, file: from, filter: true });
  }

  /** Who used the filter uses the node below it. */
  #unfiltered({ from, filter }: TrackedJob): void {
    if (filter === null) return;
    const { graph } = this.#model;
    const below = graph.get(filter)?.children.get('file') ?? from;
    graph.replace(filter, below);
    graph.delete(filter);
    this.#told.moved(filter, below);
  }

  event(event: string, data: JsonObject): void {
    if (event !== 'BLOCK_JOB_COMPLETED' && event !== 'BLOCK_JOB_CANCELLED') return;
    const job = this.#jobs.get(String(data.device));
    if (job === undefined) return;
    const source = this.#copied(job);
    this.#model.forget(this.#touched(job));
    this.#jobs.delete(job.id);
    this.#unfiltered(job);
    const succeeded = event === 'BLOCK_JOB_COMPLETED' && data.error === undefined;
    if (!succeeded) return;
    if (!job.certain) {
      // Where its users are now depends on what is not known.
      if (job.kind !== 'backup') this.#model.loseTrack();
      return;
    }
    this.#completed(job, source);
  }

  /** What the job has to bring over; null where that is not known, or the source changed behind its back. */
  #copied({ kind, from, start, losses }: TrackedJob): Buffer | null {
    if (this.#model.lossesOf(from) !== losses) return null;
    return kind === 'mirror' || kind === 'commit' ? this.#model.bytesOf(from) : start;
  }

  #completed(job: TrackedJob, source: Buffer | null): void {
    const { kind, from, to } = job;
    const { graph } = this.#model;
    const node = graph.get(from);
    if (kind === 'stream') {
      if (to === null) node?.children.delete('backing');
      else node?.children.set('backing', to);
      return;
    }
    const expectBytes =
      source !== null && to !== null && !job.ignores ? this.#claimAfter(job, source, this.#clean(job)) : null;
    if (job.file !== null && kind === 'mirror' && job.pivots) this.#movedToFile(from, job.file);
    else if (job.file !== null) this.#left(job, source);
    if (to !== null && job.pivots) {
      const kept =
        kind === 'commit' || (job.sync === 'full' && expectBytes !== null && this.#model.isReadable(to));
      if (!kept) this.#model.forget(graph.above([from]));
      graph.replace(from, to);
      this.#told.moved(from, to);
    }
    if (job.bitmap !== null) {
      this.#bitmaps.drop(from);
      if (job.start !== null && job.sync === 'incremental')
        this.#bitmaps.cleaned(from, job.bitmap, job.start);
    }
    if (expectBytes !== null) this.#model.expectBytes(to!, expectBytes);
  }

  /** Users of the node use one on that file, which nobody here follows. */
  #movedToFile(from: string, { filename, node }: NonNullable<TrackedJob['file']>): void {
    const { graph } = this.#model;
    this.#model.forget(graph.above([from]));
    const named = node === null ? {} : { 'node-name': node };
    const [target] = graph.add({ driver: 'mirrored', ...named, file: { driver: 'file', filename } });
    graph.replace(from, target!.name);
    this.#told.moved(from, target!.name);
  }

  #left({ from, file, sync, ignores }: TrackedJob, source: Buffer | null): void {
    if (file === null || source === null || ignores || sync !== 'full') return;
    const { filename, driver } = file;
    const isKnown = driver === 'raw' || driver === 'qcow2';
    const backing = driver === 'qcow2' ? { backing: null } : {};
    const options = { driver, ...backing, file: { driver: 'file', filename } };
    if (isKnown) this.#told.left(filename, { node: from, options, bytes: source, breach: LEFT });
  }

  /** What the target must contain once the job has completed; null where that is not said. */
  #claimAfter(
    { kind, sync, before, from }: TrackedJob,
    source: Buffer,
    clean: Buffer | null,
  ): ExpectedBytes | null {
    if (kind === 'stream') return null;
    if (kind === 'commit' || sync === 'full') {
      const breach = kind === 'mirror' && this.#isAboveChain(from) ? ABOVE_CHAIN : BREACHES[kind];
      return { bytes: source, also: null, prefix: true, breach };
    }
    if (sync !== 'incremental' || clean === null || before === null) return null;
    const length = Math.min(source.length, clean.length, before.length);
    // Clean granules may be copied or not; dirty ones must be.
    const also = Buffer.from(source);
    for (let index = 0; index < length; index += 1)
      if (source[index] === clean[index]) also[index] = before[index]!;
    const breach = 'an incremental backup does not bring over what was written';
    return { bytes: source, also, prefix: true, breach };
  }

  #isAboveChain(name: string): boolean {
    const { graph } = this.#model;
    const below = [...graph.storage([name])].filter((one) => one !== name).map((one) => graph.get(one));
    return below.some((node) => node !== undefined && (node.hiddenBacking || node.children.has('backing')));
  }

  #clean({ from, bitmap }: TrackedJob): Buffer | null {
    return bitmap === null ? null : this.#bitmaps.cleanBytes(from, bitmap);
  }

  /** Whose contents may change while it runs; its source's never do, nor what stands on the top of a commit. */
  #touched({ kind, from, to }: TrackedJob): Set<string> {
    const { graph } = this.#model;
    if (kind === 'stream') {
      const storage = graph.storage([from]);
      storage.delete(from);
      return this.#model.affected(storage, graph.above([from]));
    }
    if (to === null) return new Set();
    return this.#model.affected([to], kind === 'commit' ? graph.above([from]) : undefined);
  }

  /** Null where the nodes that take part are not known. */
  #endsOf(
    kind: BlockJobKind,
    intoFile: boolean,
    args: JsonObject,
  ): { from: string; to: string | null } | null {
    const { graph } = this.#model;
    const device = String(args.device);
    if (intoFile) {
      // The target is a file; its node is none that is followed.
      return graph.get(device) === undefined ? null : { from: device, to: null };
    }
    if (kind === 'mirror' || kind === 'backup') {
      const to = String(args.target);
      return graph.get(to) === undefined || graph.get(device) === undefined ? null : { from: device, to };
    }
    if (args.base !== undefined || args.top !== undefined) return null;
    const chain = graph.chain(device);
    if (chain === null) return null;
    const base = text(args['base-node']);
    if (kind === 'stream') {
      const bottom = text(args.bottom);
      if (bottom !== null) {
        const at = chain.indexOf(bottom);
        return at < 1 ? null : { from: device, to: chain[at + 1] ?? null };
      }
      return base !== null && !chain.includes(base) ? null : { from: device, to: base };
    }
    const top = text(args['top-node']) ?? device;
    const to = base ?? chain.at(-1)!;
    return chain.includes(top) && chain.indexOf(to) > chain.indexOf(top) ? { from: top, to } : null;
  }
}

function isCopy(kind: JobKind): kind is BlockJobKind {
  return kind !== 'amend' && kind !== 'create';
}

function fileOf({ target, format, mode, 'node-name': node }: JsonObject): TrackedJob['file'] {
  const filename = String(target);
  const driver = mode === 'existing' ? '' : (text(format) ?? '');
  return { filename, driver, node: text(node) };
}
