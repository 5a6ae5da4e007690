/** What a template is made from: randomness, what lives, and values that are worth trying. */
import type { Json } from '../../spec/json.ts';
import type { Random } from '../random.ts';
import { isCostlySize } from '../types/bounds.ts';
import type { Kind, ProgramState } from './resources.ts';

const MiB = 2 ** 20;

/** Sizes in bytes of disks; none between 4 GiB and 4 EiB, which jobs would copy for hours and fill a disk with. */
const SIZES: readonly Json[] = [
  65536,
  MiB,
  4 * MiB,
  64 * MiB,
  0,
  1,
  511,
  512,
  513,
  65535,
  MiB + 512,
  2 ** 32,
];

/** Where integers of the wire end. */
export const EDGES: readonly (number | bigint)[] = [
  0,
  1,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40,
  9223372036854775807n,
  9223372036854775296n,
  -9223372036854775808n,
  9223372036854775808n,
  18446744073709551615n,
];

const EDGES_OF_SIZE = EDGES.filter((edge) => !isCostlySize(edge));

/**
 * Random choices for one call over what the program state holds. Symbols come with their dollar sign, so that they can
 * stand in arguments.
 */
export class CallBuilder {
  readonly random: Random;
  readonly programState: ProgramState;
  /** Symbols that this program comes back to. */
  readonly #focus: readonly string[];
  /** Given out to this call: what takes two nodes seldom takes one twice. */
  readonly #given = new Set<string>();

  constructor(random: Random, programState: ProgramState, focus: readonly string[]) {
    this.random = random;
    this.programState = programState;
    this.#focus = focus;
  }

  /** A symbol that can be used: mostly one in focus, mostly one that lives, sometimes one that is gone. */
  use(kind: Kind): string {
    const live = this.programState.live(kind);
    const pool = live.length === 0 || this.random.chance(6) ? this.programState.made(kind) : live;
    const others = pool.filter((symbol) => !this.#given.has(symbol));
    const free = others.length > 0 && this.random.chance(95) ? others : pool;
    const focused = free.filter((symbol) => this.#focus.includes(symbol));
    const symbol = this.random.pick(focused.length > 0 && this.random.chance(60) ? focused : free);
    this.#given.add(symbol);
    return `$${symbol}`;
  }

  /** The node that a bitmap, job or export was made for; sometimes any. */
  nodeOf(reference: string): string {
    const owner = this.programState.ownerOf(reference.slice(1));
    return owner === undefined || this.random.chance(15) ? this.use('node') : `$${owner}`;
  }

  /** A new symbol; once in a while one that is taken. */
  make(kind: Kind): string {
    const taken = this.programState.made(kind);
    if (taken.length > 0 && this.random.chance(5)) return `$${this.random.pick(taken)}`;
    return `$${this.programState.fresh(kind)}`;
  }

  size(): Json {
    if (this.random.chance(12)) return this.random.pick(EDGES_OF_SIZE);
    return this.random.chance(70) ? MiB : this.random.pick(SIZES);
  }

  /** Bytes a second: jobs are kept in a state by a low speed. */
  speed(): Json {
    return this.random.pick([1, 512, 65536, 1048576, 0, -1, this.random.pick(EDGES)]);
  }

  granularity(): Json {
    return this.random.pick([512, 4096, 65536, 65536, 1048576, 2 ** 31, 0, 513]);
  }

  pick<T>(...items: readonly T[]): T {
    return this.random.pick(items);
  }

  chance(percent: number): boolean {
    return this.random.chance(percent);
  }

  /** The members, or in `100 - percent` of 100 nothing: for spreading into arguments. */
  maybe<T extends Record<string, Json>>(
    percent: number,
    members: () => T,
  ): Partial<T> & Record<string, Json> {
    return (this.random.chance(percent) ? members() : {}) as Partial<T> & Record<string, Json>;
  }
}
