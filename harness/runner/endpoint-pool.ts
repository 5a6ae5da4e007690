/**
 * The endpoints of one target that stay alive between the cases or programs of a run. Whether an endpoint is used again,
 * reset or dropped is decided here and nowhere else:
 *
 *   - one that is as at its start is used again for the same topology, unless somebody asks for a fresh one;
 *   - one that was changed is reset if it is ours and somebody knows how, else dropped;
 *   - one that is broken, or has been used often enough, is dropped;
 *   - where one more would be too many alive, the idle one used longest ago is dropped;
 *   - one that went away while nobody used it is told of, by an `EndpointLost`;
 *   - one that could not be connected to again serves every topology, since it takes no options, and is kept, whatever it was left like, while its connection is open.
 */
import type { ExitInfo, Target, Topology } from '../targets/target.ts';
import { Session, type SessionOptions } from './endpoint-session.ts';
import { endOf } from './endpoint-wait.ts';

export interface EndpointPoolOptions extends Omit<SessionOptions, 'topology' | 'prepare'> {
  /** Endpoints alive at a time. Those in use count, but nobody waits for them. Default: no limit. */
  readonly most?: number;
  /** One that is there already, which belongs to the pool from here on: where there may be only one connection. */
  readonly first?: Session | undefined;
  /** Cases or programs that one endpoint serves. Default: no limit. */
  readonly uses?: number;
}

export interface AcquireOptions extends Pick<SessionOptions, 'prepare'> {
  /** One that has not been used yet. */
  readonly fresh?: boolean;
}

/** How an endpoint was left: as at its start; changed; dead, hanging, or nobody knows. */
export type EndpointCondition = 'clean' | 'dirty' | 'broken';

interface PoolMember {
  readonly session: Session;
  /** Names the topology. */
  key: string;
  uses: number;
  isIdle: boolean;
}

/** An endpoint ended, or hung up, after it was given back and before it was asked for again. */
export class EndpointLost extends Error {
  override readonly name = 'EndpointLost';
  readonly session: Session;
  /** Null: how it ended cannot be seen. */
  readonly exit: ExitInfo | null;

  constructor(session: Session, exit: ExitInfo | null) {
    super('the endpoint went away while nobody used it');
    this.session = session;
    this.exit = exit;
  }
}

/** How many may work at a time: two would see each other's nodes on an endpoint that there is one of. */
export function workersOn(targets: readonly Target[], wanted = 1): number {
  return targets.every(({ capabilities }) => capabilities.owned) ? wanted : 1;
}

/** One pool serves one run. `stop` ends all its endpoints, also those that are still starting. */
export class EndpointPool {
  #options: EndpointPoolOptions;
  /** The one released last at the end. */
  readonly #members = new Set<PoolMember>();
  readonly #starting = new Set<Promise<PoolMember>>();
  #started = 0;
  #isStopped = false;

  constructor(options: EndpointPoolOptions) {
    this.#options = options;
    const { first } = options;
    if (first?.usable !== true) return;
    this.#started = 1;
    this.#members.add({ session: first, key: JSON.stringify(first.topology), uses: 0, isIdle: true });
  }

  /** Endpoints started so far. */
  get started(): number {
    return this.#started;
  }

  /** What is started from here on is of this target: the same, of which more is known. */
  adopt(target: Target): void {
    this.#options = { ...this.#options, target };
  }

  /** Whether its endpoints are started by us. */
  get owned(): boolean {
    return this.#options.target.capabilities.owned;
  }

  /** Most monitors that an endpoint can have. */
  get monitors(): number {
    return this.#options.target.capabilities.monitors;
  }

  /** Whether a reset may be tried: what runs on an endpoint that somebody else started is not ours to delete. */
  get mayReset(): boolean {
    return this.owned;
  }

  /**
   * An endpoint for this caller alone, until its `release`. Rejects with `EndpointLost` for one that would have been it or
   * made room for it, as `Session.start` does, and after `stop`.
   */
  async acquire(topology: Topology, { fresh = false, prepare }: AcquireOptions = {}): Promise<Session> {
    const key = JSON.stringify(topology);
    const idle = [...this.#members].find(
      (member) => member.isIdle && (member.key === key || this.#isIrreplaceable(member)),
    );
    if (idle !== undefined) {
      idle.isIdle = false;
      await this.#seeThatItIsThere(idle);
      if (idle.key !== key) {
        await idle.session.startFrom(topology, prepare);
        idle.key = key;
      }
      if (!fresh || this.#isIrreplaceable(idle)) return used(idle);
      await this.#drop(idle);
    }
    await this.#makeRoom();
    const again = this.#started > 0;
    const starting = this.#start({ ...this.#options, topology, prepare, again }, key);
    this.#starting.add(starting);
    try {
      return used(await starting);
    } finally {
      this.#starting.delete(starting);
    }
  }

  /**
   * Ends a use. `reset` brings a changed endpoint back to its start state and tells whether it is there; it is called
   * only if the endpoint would then be kept. Returns whether the endpoint is kept and clean.
   */
  async release(
    session: Session,
    condition: EndpointCondition,
    reset?: () => Promise<boolean>,
  ): Promise<boolean> {
    const member = [...this.#members].find((one) => one.session === session);
    if (member === undefined) return false;
    const isOver = condition === 'broken' || member.uses >= (this.#options.uses ?? Number.POSITIVE_INFINITY);
    let isClean = condition === 'clean';
    if (condition === 'dirty' && !isOver && this.mayReset && session.usable)
      isClean = (await reset?.()) === true;
    const isKept = this.#isIrreplaceable(member) || (isClean && !isOver);
    if (!isKept || !this.#members.delete(member)) {
      await this.#drop(member);
      return false;
    }
    this.#members.add(member);
    member.isIdle = true;
    return isClean;
  }

  /** Ends all endpoints, also those in use and those that are being started. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled([...this.#starting, ...[...this.#members].map((member) => this.#drop(member))]);
  }

  async #start(options: SessionOptions, key: string): Promise<PoolMember> {
    if (this.#isStopped) throw new Error('the pool of endpoints is stopped');
    const session = await Session.start(options);
    if (this.#isStopped) {
      await session.stop();
      throw new Error('the pool of endpoints was stopped meanwhile');
    }
    this.#started += 1;
    const member = { session, key, uses: 0, isIdle: false };
    this.#members.add(member);
    return member;
  }

  /** Which of those that nobody uses went away. They are dropped. */
  async takeLost(): Promise<EndpointLost[]> {
    const lost: EndpointLost[] = [];
    for (const member of [...this.#members].filter(({ isIdle }) => isIdle))
      await this.#seeThatItIsThere(member).catch((error: EndpointLost) => lost.push(error));
    return lost;
  }

  /** One that hung up may take a new client. */
  async #seeThatItIsThere(member: PoolMember): Promise<void> {
    const { session } = member;
    if (session.usable) return;
    const isBack =
      session.endpoint.running &&
      this.#options.target.capabilities.reconnects &&
      (await session.link(0).then(
        () => true,
        () => false,
      ));
    if (isBack) return;
    const exit = await endOf(session.endpoint);
    await this.#drop(member);
    throw new EndpointLost(session, exit);
  }

  /** Drops idle endpoints until one more may be alive, or none is idle. */
  async #makeRoom(): Promise<void> {
    const { most = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#members.size + this.#starting.size >= most) {
      const oldest = [...this.#members].find(({ isIdle }) => isIdle);
      if (oldest === undefined) return;
      await this.#seeThatItIsThere(oldest);
      await this.#drop(oldest);
    }
  }

  /** True if no other endpoint could take its place, and it still answers. */
  #isIrreplaceable({ session }: PoolMember): boolean {
    const { owned, reconnects } = this.#options.target.capabilities;
    return !owned && !reconnects && session.usable;
  }

  async #drop(member: PoolMember): Promise<void> {
    this.#members.delete(member);
    await member.session.stop();
  }
}

function used(member: PoolMember): Session {
  member.uses += 1;
  return member.session;
}
