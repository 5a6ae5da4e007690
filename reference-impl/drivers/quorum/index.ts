/**
 * `quorum`: one disk that is kept several times. A write goes to all children, a read comes from all and the majority
 * wins (`votes.ts`), or with `read-pattern` `fifo` from the first child that can. Fewer than `vote-threshold` children
 * that agree, or that work at all, are a failure.
 *
 * Children come and go while the node lives (`x-blockdev-change`).
 */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle, Driver, DriverOptions, DriverState, OpenEnvironment } from '../driver.ts';
import { versionsOf, winnerOf } from './votes.ts';

type Options = DriverOptions<'quorum'>;

const SECTOR = 512;

type Kind = 'read' | 'write' | 'flush';

/** What a request's events tell of it; a flush concerns no sector. */
interface Request {
  readonly kind: Kind;
  readonly offset: number;
  readonly length: number;
}

interface Settings {
  readonly threshold: number;
  readonly fifo: boolean;
  readonly blkverify: boolean;
  readonly rewrite: boolean;
}

class Quorum implements DriverState {
  readonly #environment: OpenEnvironment;
  readonly #settings: Settings;
  readonly #children: Map<string, ChildHandle>;
  #nextIndex: number;

  constructor(environment: OpenEnvironment, settings: Settings, children: readonly ChildHandle[]) {
    this.#environment = environment;
    this.#settings = settings;
    this.#children = new Map(children.map((child, index) => [childName(index), child]));
    this.#nextIndex = children.length;
  }

  readonly growable = true;
  readonly keepsMode = true;

  /** Children of one length; throws `IoError` if they differ. */
  length(): number {
    const [first = 0, ...others] = [...this.#children.values()].map((child) => child.length());
    if (others.some((length) => length !== first)) throw new IoError('EIO');
    return first;
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    const request: Request = { kind: 'read', offset, length: buffer.length };
    await (this.#settings.fifo ? this.#readFirst(request, buffer) : this.#readVoted(request, buffer));
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const request: Request = { kind: 'write', offset, length: data.length };
    const { errors, done } = await this.#onAll(request, (child) => child.write(offset, data));
    this.#assertEnough(request, done, errors);
  }

  async flush(): Promise<void> {
    const request: Request = { kind: 'flush', offset: 0, length: 0 };
    const { errors, done } = await this.#onAll(request, (child) => child.flush());
    if (done.length < this.#settings.threshold) throw votedError(errors);
  }

  readonly children = {
    nextName: (): string => childName(this.#nextIndex),
    add: (name: string, child: ChildHandle): void => {
      this.#children.set(name, child);
      this.#nextIndex += 1;
    },
    remove: (name: string): void => {
      const { threshold } = this.#settings;
      if (this.#children.size <= threshold)
        throw new CommandError(`The number of children cannot be lower than the vote threshold ${threshold}`);
      this.#children.delete(name);
      // The last name is given again.
      if (name === childName(this.#nextIndex - 1)) this.#nextIndex -= 1;
    },
  };

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #readFirst(request: Request, buffer: Uint8Array): Promise<void> {
    let failure = new IoError('EIO');
    for (const child of this.#children.values()) {
      try {
        await child.read(request.offset, buffer);
        return;
      } catch (error) {
        failure = asIoFailure(error);
        this.#reportBad(request, child, failure);
      }
    }
    throw failure;
  }

  async #readVoted(request: Request, buffer: Uint8Array): Promise<void> {
    const children = [...this.#children.values()];
    const copies = children.map(() => new Uint8Array(buffer.length));
    const { errors, done } = await this.#onAll(request, (child, index) =>
      child.read(request.offset, copies[index]!),
    );
    this.#assertEnough(request, done, errors);

    const answers = done.map((index) => [index, copies[index]!] as const);
    const versions = versionsOf(answers, (a, b) => Buffer.compare(a, b) === 0);
    if (versions.length > 1 && this.#settings.blkverify)
      this.#abort(
        request,
        answers.map(([, copy]) => copy),
      );
    const winner = winnerOf(versions);
    if (winner.voters.length < this.#settings.threshold) {
      this.#reportFailure(request);
      throw new IoError('EIO');
    }
    buffer.set(winner.value);
    const losers = versions.filter((version) => version !== winner).flatMap(({ voters }) => voters);
    for (const index of losers) this.#reportBad(request, children[index]!);
    if (this.#settings.rewrite)
      await Promise.all(losers.map((index) => rewrite(children[index]!, request.offset, winner.value)));
  }

  /** Runs the request on all children at once, and reports those that fail. */
  async #onAll(request: Request, run: (child: ChildHandle, index: number) => Promise<void>) {
    const errors: [index: number, error: IoError][] = [];
    const done: number[] = [];
    const attempt = async (child: ChildHandle, index: number) => {
      try {
        await run(child, index);
        done.push(index);
      } catch (error) {
        const failure = asIoFailure(error);
        errors.push([index, failure]);
        this.#reportBad(request, child, failure);
      }
    };
    await Promise.all([...this.#children.values()].map(attempt));
    const byIndex = (a: number, b: number) => a - b;
    return { errors: errors.toSorted(([a], [b]) => byIndex(a, b)), done: done.toSorted(byIndex) };
  }

  #assertEnough(
    request: Request,
    done: readonly number[],
    errors: readonly [index: number, error: IoError][],
  ): void {
    if (done.length >= this.#settings.threshold) return;
    this.#reportFailure(request);
    throw votedError(errors);
  }

  #abort({ offset, length }: Request, [first, ...others]: readonly Uint8Array[]): never {
    const differs = first!.findIndex((byte, at) => others.some((other) => other[at] !== byte));
    this.#environment.abort(
      `quorum: offset=${offset} bytes=${length} contents mismatch at offset ${offset + differs}`,
    );
    throw new IoError('EIO');
  }

  #reportBad(request: Request, child: ChildHandle, error?: IoError): void {
    this.#environment.emit('QUORUM_REPORT_BAD', {
      type: request.kind,
      ...(error ? { error: error.message } : {}),
      'node-name': child.nodeName,
      ...sectorsOf(request),
    });
  }

  #reportFailure(request: Request): void {
    this.#environment.emit('QUORUM_FAILURE', {
      reference: this.#environment.reference(),
      ...sectorsOf(request),
    });
  }
}

function sectorsOf({ offset, length }: Request) {
  const start = Math.floor(offset / SECTOR);
  return { 'sector-num': start, 'sectors-count': Math.ceil((offset + length) / SECTOR) - start };
}

/** The error that most children met. */
function votedError(errors: readonly [index: number, error: IoError][]): IoError {
  return winnerOf(versionsOf(errors, (a, b) => a.code === b.code)).value;
}

function asIoFailure(error: unknown): IoError {
  if (error instanceof IoError) return error;
  throw error;
}

/** A child that cannot be mended stays as it is. */
async function rewrite(child: ChildHandle, offset: number, data: Uint8Array): Promise<void> {
  await child.write(offset, data).catch(asIoFailure);
}

function childName(index: number): string {
  return `children.${index}`;
}

async function open(environment: OpenEnvironment<Options>): Promise<DriverState> {
  const { options, child, log } = environment;
  const count = options.children?.length ?? 0;
  if (count < 1) throw new CommandError('Number of provided children must be 1 or more');
  const settings = settingsOf(options);
  if (settings.threshold < 1) throw new CommandError("Parameter 'vote-threshold' expects value >= 1");
  if (settings.threshold > count) throw new CommandError('threshold may not exceed children count');
  if (options.blkverify === true && !settings.fifo && !settings.blkverify)
    log('blkverify of quorum takes two children and a vote-threshold of 2');
  if (settings.blkverify && settings.rewrite)
    throw new CommandError('rewrite-corrupted=on cannot be used with blkverify=on');
  const children: ChildHandle[] = [];
  for (let index = 0; index < count; index++) children.push(await child(childName(index)));
  return new Quorum(environment, settings, children);
}

/** Verifying takes two children that must agree; neither it nor rewriting goes with `fifo`. */
function settingsOf(options: Options): Settings {
  const threshold = Number(options['vote-threshold'] ?? 0) | 0;
  const fifo = options['read-pattern'] === 'fifo';
  const count = options.children?.length;
  return {
    threshold,
    fifo,
    blkverify: !fifo && options.blkverify === true && count === 2 && threshold === 2,
    rewrite: !fifo && options['rewrite-corrupted'] === true,
  };
}

/** All but the read pattern, and as they are in force. */
function shownOptions(options: Options) {
  const settings = settingsOf(options);
  return {
    'vote-threshold': settings.threshold,
    blkverify: settings.blkverify,
    'rewrite-corrupted': settings.rewrite,
  };
}

/** Several children that are read by majority, or one of them at a time. */
export const quorum: Driver<'quorum'> = {
  kind: 'filter',
  children: { children: 'filtered' },
  shownOptions,
  open,
};
