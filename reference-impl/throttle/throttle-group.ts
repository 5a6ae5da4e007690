/**
 * Throttling: limits that the members of a group share, and the queues of requests that wait for them.
 *
 * Six leaky buckets, for bytes and for requests, of reads, of writes and of both. A request passes when no bucket that
 * concerns it overflows, and fills them; they leak at the rate that is allowed. A bucket holds a tenth of a second of
 * its rate. With a burst it holds as much as the burst lets through in its time, while a second, small bucket that leaks
 * at the burst's rate keeps the burst to that rate.
 *
 * Reads and writes take turns, and for each the members do, with one request of each in order.
 */
import type { Clock } from '../host/clock.ts';
import { CommandError } from '../qapi/command-error.ts';
import { type BucketName, bucketNames, type ThrottleConfig, throttleConfig } from './throttle-config.ts';

const SECOND = 1e9;
/** How many seconds' worth of its rate a bucket without a burst holds, and the small bucket of one with. */
const SLACK = 0.1;

/** What a request does, as far as limits tell requests apart. */
export type Direction = 'read' | 'write';

const directions = ['read', 'write'] as const satisfies readonly Direction[];

const CONCERNED: Readonly<Record<Direction, readonly BucketName[]>> = {
  read: ['bps-total', 'bps-read', 'iops-total', 'iops-read'],
  write: ['bps-total', 'bps-write', 'iops-total', 'iops-write'],
};

interface Level {
  level: number;
  burst: number;
}

function emptyLevels(): Record<BucketName, Level> {
  const levels = bucketNames.map((name): [BucketName, Level] => [name, { level: 0, burst: 0 }]);
  return Object.fromEntries(levels) as Record<BucketName, Level>;
}

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/** A group of members that share limits. What exceeds them waits its turn, member by member. */
export class ThrottleGroup {
  readonly name: string;
  /** Called when the last member has left. */
  whenLeft: (() => void) | undefined;
  readonly #clock: Clock;
  #config: ThrottleConfig;
  #levels = emptyLevels();
  #leaked: bigint;
  readonly #members: ThrottleMember[] = [];
  /** Whose turn it is. */
  readonly #turn: Record<Direction, number> = { read: 0, write: 0 };
  /** After a read comes a write, and the reverse. */
  #order: readonly Direction[] = directions;
  /** Cancels the timer for the next who may pass. */
  #timer: (() => void) | undefined;

  /** `config` has been checked (`checkConfig`). */
  constructor(name: string, clock: Clock, config: ThrottleConfig) {
    this.name = name;
    this.#clock = clock;
    this.#config = config;
    this.#leaked = clock.now();
  }

  get config(): ThrottleConfig {
    return this.#config;
  }

  /** Starts with empty buckets; those who wait are looked at anew. */
  set config(config: ThrottleConfig) {
    this.#config = config;
    this.#levels = emptyLevels();
    this.#leaked = this.#clock.now();
    this.pump();
  }

  get inUse(): boolean {
    return this.#members.length > 0;
  }

  join(): ThrottleMember {
    const member = new ThrottleMember(this);
    this.#members.push(member);
    return member;
  }

  /** Takes a member out, of whose requests none may be waiting. */
  leave(member: ThrottleMember): void {
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    if (!this.inUse) this.whenLeft?.();
  }

  /** Counts a request against the limits without asking them. */
  account(direction: Direction, bytes: number): void {
    this.#leak();
    const { iopsSize } = this.#config;
    const operations = iopsSize > 0 && bytes > iopsSize ? bytes / iopsSize : 1;
    for (const name of CONCERNED[direction]) {
      const level = this.#levels[name];
      const units = name.startsWith('bps') ? bytes : operations;
      level.level += units;
      level.burst += units;
    }
  }

  /** Lets go whoever may, in turn, and sets the timer for the next. */
  pump(): void {
    this.#timer?.();
    this.#timer = undefined;
    while (this.#passOne());
    const waits = directions
      .filter((direction) => this.#next(direction) !== undefined)
      .map((direction) => this.#wait(direction));
    if (waits.length === 0) return;
    this.#timer = this.#clock.after(BigInt(Math.ceil(Math.min(...waits))), () => {
      this.#timer = undefined;
      this.pump();
    });
  }

  /** Lets one request go; false if none may. */
  #passOne(): boolean {
    for (const direction of this.#order) {
      const index = this.#next(direction);
      if (index === undefined || this.#wait(direction) > 0) continue;
      const request = this.#members[index]!.waiting[direction].shift()!;
      this.#turn[direction] = index + 1;
      this.#order = direction === 'read' ? directions.toReversed() : directions;
      this.account(direction, request.bytes);
      request.go();
      return true;
    }
    return false;
  }

  /** The member whose turn it is among those that wait. */
  #next(direction: Direction): number | undefined {
    for (let tried = 0; tried < this.#members.length; tried++) {
      const index = (this.#turn[direction] + tried) % this.#members.length;
      if (this.#members[index]!.waiting[direction].length > 0) return index;
    }
    return undefined;
  }

  /** Nanoseconds until a request may pass. */
  #wait(direction: Direction): number {
    this.#leak();
    return Math.max(...CONCERNED[direction].map((name) => this.#bucketWait(name)));
  }

  #bucketWait(name: BucketName): number {
    const { rate, max, burstLength } = this.#config.buckets[name];
    if (rate === 0) return 0;
    const { level, burst } = this.#levels[name];
    const size = max > 0 ? max * burstLength : rate * SLACK;
    if (level > size) return ((level - size) / rate) * SECOND;
    if (burstLength > 1 && burst > max * SLACK) return ((burst - max * SLACK) / max) * SECOND;
    return 0;
  }

  #leak(): void {
    const now = this.#clock.now();
    const seconds = Number(now - this.#leaked) / SECOND;
    this.#leaked = now;
    for (const name of bucketNames) {
      const level = this.#levels[name];
      const { rate, max } = this.#config.buckets[name];
      level.level = Math.max(0, level.level - rate * seconds);
      level.burst = Math.max(0, level.burst - max * seconds);
    }
  }
}

/** A node or a drive in a group, with its requests that wait. */
export class ThrottleMember {
  readonly group: ThrottleGroup;
  readonly waiting: Readonly<Record<Direction, Waiting[]>> = { read: [], write: [] };
  #drains = 0;

  constructor(group: ThrottleGroup) {
    this.group = group;
  }

  /** Resolves when the request may pass; `undefined` if it may at once. */
  request(direction: Direction, bytes: number): Promise<void> | undefined {
    if (this.#drains > 0) {
      this.group.account(direction, bytes);
      return undefined;
    }
    let passed = false;
    const turn = new Promise<void>((resolve) => {
      const go = () => {
        passed = true;
        resolve();
      };
      this.waiting[direction].push({ bytes, go });
    });
    this.group.pump();
    return passed ? undefined : turn;
  }

  /** Lets all requests go at once, also those to come, until the result is called. */
  drain(): () => void {
    this.#drains += 1;
    for (const direction of directions)
      for (const { bytes, go } of this.waiting[direction].splice(0)) {
        this.group.account(direction, bytes);
        go();
      }
    // Nobody may be left for whom the timer was set.
    this.group.pump();
    return () => {
      this.#drains -= 1;
    };
  }

  /** Leaves the group; what waits goes. */
  leave(): void {
    this.drain();
    this.group.leave(this);
  }
}

/** The groups of one endpoint: those of `throttle-group` objects, and those that drives made for themselves. */
export class ThrottleGroups {
  readonly #groups = new Map<string, ThrottleGroup>();

  find(name: string): ThrottleGroup | undefined {
    return this.#groups.get(name);
  }

  /** Throws `CommandError` for a name that is taken. */
  create(name: string, clock: Clock, config: ThrottleConfig): ThrottleGroup {
    if (this.#groups.has(name)) throw new CommandError('A group with this name already exists');
    const group = new ThrottleGroup(name, clock, config);
    this.#groups.set(name, group);
    return group;
  }

  /** The group of that name; where there is none, one without limits that goes with its last member. */
  forMembers(name: string, clock: Clock): ThrottleGroup {
    const found = this.find(name);
    if (found) return found;
    const group = this.create(name, clock, throttleConfig({}));
    group.whenLeft = () => this.remove(name);
    return group;
  }

  remove(name: string): void {
    this.#groups.delete(name);
  }
}
