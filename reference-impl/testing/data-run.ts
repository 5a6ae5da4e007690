/**
 * A job on a random chain of images whose top a guest writes to meanwhile, led to one of its ends. What the
 * images must hold then, the tests say.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { RootChild } from '../graph/node-graph.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { JobFixture } from './job-fixture.ts';
import {
  apply,
  expectBytes,
  type ImageGiven,
  someWrites,
  type TestImage,
  TestImages,
  targetImage,
  type Write,
  writes,
} from './modelled-images.ts';

export const ENDINGS = ['completes', 'is cancelled', 'is cancelled by force', 'fails'] as const;
export type Ending = (typeof ENDINGS)[number];

/** What its last event told. */
export type Outcome = 'completed' | 'cancelled' | 'failed';

const OUTCOMES: Readonly<Record<Ending, Outcome>> = {
  completes: 'completed',
  'is cancelled': 'cancelled',
  'is cancelled by force': 'cancelled',
  fails: 'failed',
};

/** Bytes a second: the job does its first piece, and then nothing for longer than all moments take. */
const HELD = 64 << 10;
const SLOW = 1 << 20;
/** Runs of each property. */
const RUNS = 2;
const SEED = 20261122;
/** Seconds, once its limit is lifted: the wait that it was in still holds. */
const LONGEST = 60;

interface Moment {
  /** Steps of the clock before it. */
  readonly steps: number;
  readonly writes: readonly Write[];
}

export interface Given {
  readonly chain: readonly ImageGiven[];
  /** The images were opened one by one. */
  readonly flat: boolean;
  readonly target: ImageGiven;
  readonly moments: readonly Moment[];
  readonly speed: number;
  /** Writes while the job is told how to end, and after that. */
  readonly last: readonly Write[];
  readonly late: readonly Write[];
  /** Writes before the job, for tests that want some. */
  readonly early: readonly Write[];
  /** For choices among what there is. */
  readonly chosen: readonly [number, number];
}

export function scenario(chain: fc.Arbitrary<readonly ImageGiven[]>): fc.Arbitrary<Given> {
  return fc.record({
    chain,
    flat: fc.boolean(),
    target: targetImage,
    moments: fc.array(fc.record({ steps: fc.nat(20), writes }), { minLength: 1, maxLength: 3 }),
    speed: fc.constantFrom(0, HELD, SLOW),
    last: writes,
    late: writes,
    early: someWrites,
    chosen: fc.tuple(fc.nat(5), fc.nat(5)),
  });
}

export interface Plan {
  readonly command: Parameters<JobFixture['run']>[0];
  readonly args: JsonObject;
  /** The node and the kind of its requests of which one is to fail. */
  readonly failing?: readonly [node: string, request: 'read' | 'write'];
  /** How a job that is ready is told to end. */
  readonly whenReady?: 'complete' | 'cancel';
  /** It never ends by itself, and ends well when cancelled. */
  readonly endless?: boolean;
}

export class DataRun {
  readonly fixture: JobFixture;
  readonly given: Given;
  readonly images: TestImages;
  chain: readonly TestImage[] = [];
  guest!: RootChild;
  /** What the guest's disk has shown: at the beginning, and after each time that it was written to. */
  readonly shown: Buffer[] = [];
  /** How the job was told to end when it was ready. */
  told: Plan['whenReady'];

  constructor(fixture: JobFixture, given: Given) {
    this.fixture = fixture;
    this.given = given;
    this.images = new TestImages(fixture);
  }

  get top(): TestImage {
    return this.chain.at(-1)!;
  }

  /** What was there when the job began. */
  get before(): Buffer {
    return this.shown[0]!;
  }

  /** Makes the chain and opens it, in one go or from the base up. */
  async open(): Promise<void> {
    this.chain = await this.images.makeChain(this.given.chain);
    if (this.given.flat) {
      await this.images.openAll(this.chain.slice(0, -1), this.fixture, { 'read-only': true });
      await this.images.openAll([this.top]);
    } else await this.fixture.run('blockdev-add', this.images.definition(this.top));
    this.guest = this.fixture.guest(this.top.name);
  }

  /** The guest writes to the top of the chain. */
  async write(list: readonly Write[]): Promise<void> {
    await apply(this.guest.node, this.top.model, list);
    this.shown.push(this.top.model.shows());
  }

  /** Starts the job and leads it to its end, with the guest writing to the top of the chain meanwhile. */
  async play(plan: Plan, ending: Ending): Promise<Outcome> {
    const { fixture } = this;
    const { moments, last } = this.given;
    // Otherwise it may be over before it can be ended.
    const speed = ending === 'completes' ? this.given.speed : HELD;
    this.shown.push(this.top.model.shows());
    const from = fixture.events.length;
    await fixture.run(plan.command, { 'job-id': 'j', ...plan.args, speed });
    for (const { steps, writes: list } of moments) {
      await fixture.pass(steps * 10);
      await this.write(list);
    }
    await this.#end(plan, ending, last);
    await this.#pass(LONGEST);
    expect(fixture.endpoint.jobs.all).toEqual([]);
    const { event, data } = fixture.events.at(-1)!;
    expect(fixture.events.slice(from).filter((seen) => /COMPLETED|CANCELLED/.test(seen.event))).toHaveLength(
      1,
    );
    if (event === 'BLOCK_JOB_CANCELLED') return 'cancelled';
    expect(event).toBe('BLOCK_JOB_COMPLETED');
    return data.error === undefined ? 'completed' : 'failed';
  }

  async #end(plan: Plan, ending: Ending, last: readonly Write[]): Promise<void> {
    const { fixture } = this;
    await fixture.idle();
    const mend = this.#goesOn && ending === 'fails' ? this.#break(plan.failing!) : () => {};
    if (this.#goesOn && !plan.endless && /completes|fails/.test(ending)) {
      await fixture.run('block-job-set-speed', { device: 'j', speed: 0 });
      await this.#pass(LONGEST);
    }
    mend();
    const isReady = fixture.events.at(-1)?.event === 'BLOCK_JOB_READY';
    const writing = this.write(last);
    if (this.#goesOn && ending === 'is cancelled by force') await this.#cancelByForce();
    else if (this.#goesOn) {
      this.told = isReady ? plan.whenReady : undefined;
      await fixture.run(`block-job-${this.told ?? 'cancel'}`, { device: 'j' });
    }
    await writing;
  }

  async #pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds && this.#goesOn; passed += 1) {
      this.fixture.clock.advance(1_000_000_000n);
      await this.fixture.idle();
    }
  }

  get #goesOn(): boolean {
    return this.fixture.endpoint.jobs.all.length > 0;
  }

  async #cancelByForce(): Promise<void> {
    const { fixture } = this;
    await fixture.run('block-job-pause', { device: 'j' });
    await fixture.pass(20);
    await expect(fixture.run('block-job-cancel', { device: 'j' })).rejects.toThrow(
      new CommandError("The block job for device 'j' is currently paused"),
    );
    await fixture.run('block-job-cancel', { device: 'j', force: true });
  }

  /** Lets the next request to a node fail; gives what mends it. */
  #break([name, request]: readonly [string, 'read' | 'write']): () => void {
    const state = this.fixture.node(name).state as unknown as Record<
      string,
      (...all: unknown[]) => Promise<void>
    >;
    const original = state[request]!;
    const mend = () => {
      state[request] = original;
    };
    state[request] = () => {
      mend();
      return Promise.reject(new IoError('EIO'));
    };
    return mend;
  }

  /** The guest writes once more, to what is its disk now, and sees what `image` shows. */
  async afterwards(image: TestImage): Promise<void> {
    await apply(this.guest.node, image.model, this.given.late);
    expectBytes('the guest', await this.fixture.contents(this.guest.node), image.model.shows());
  }

  /** Ends the endpoint, and holds all images against their models, see `TestImages.verify`. */
  async verify(open?: ReadonlyMap<TestImage, (shown: Buffer) => void>): Promise<void> {
    this.fixture.endpoint.block.graph.removeRoot(this.guest);
    await this.images.verify(open);
  }
}

/**
 * Runs a property, each time on an endpoint of its own. Of the ends that `ending` asks for, some must be reached: a job may
 * have nothing to do, and end before it can be ended otherwise.
 */
export async function holds(
  given: fc.Arbitrary<Given>,
  ending: Ending,
  property: (data: DataRun) => Promise<Outcome>,
): Promise<void> {
  const outcomes = new Set<Outcome>();
  const once = async (values: Given) => {
    const fixture = new JobFixture();
    try {
      const data = new DataRun(fixture, values);
      await data.open();
      outcomes.add(await property(data));
    } finally {
      await fixture.close();
    }
  };
  await fc.assert(fc.asyncProperty(given, once), {
    numRuns: RUNS,
    seed: SEED,
  });
  expect([...outcomes]).toContain(OUTCOMES[ending]);
}
