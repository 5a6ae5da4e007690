/**
 * `reference`: the reference implementation inside this process, on a virtual clock. The one file of the harness's
 * targets that imports `reference-impl`.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { Random } from '../../generators/random.ts';
import type { Reference } from '../../reference-impl/endpoint.ts';
import { within } from '../time-limits.ts';
import { memoryTransport } from '../transports/memory.ts';
import type { Transport } from '../transports/transport.ts';
import { makeImages } from './make-images.ts';
import { machineOptions } from './qemu-system.ts';
import { substituteDir } from './spawned.ts';
import { type Endpoint, type ExitInfo, StartError, type StartRequest, type Target } from './target.ts';
import { VirtualClock } from './virtual-clock.ts';

const LAST_LINES = 20;
/** An endpoint that can be asked something has been there for some nanoseconds. */
const STARTED = 1n;
/** Wait for an orderly end, of real and of virtual milliseconds. */
const STOP_MS = 3_000;
const STOP_VIRTUAL_MS = 60_000;
/** Time goes on although I/O is outstanding when none of it ended in so many real milliseconds … */
const STALL_MS = 500;
/** … in fewer where it was so before and nothing has begun since: somebody who is silent is not waited for at each step … */
const SILENCE_MS = 1;
/** … and for so many times as long where it waits for the host alone, whose disk may be slow … */
const MOST_STALLS = 20;
/** … or when so many pieces of it did: a job that copies for ever is not waited for. */
const MOST_WORK = 8192;

/** What is called of the reference's modules. */
interface ReferenceModules {
  readonly startReference: typeof import('../../reference-impl/start-reference.ts').startReference;
  readonly OptionError: typeof import('../../reference-impl/endpoint.ts').OptionError;
}

/** Its many modules are loaded when the first one starts: most calls of the command line never start one. */
async function ownModules(): Promise<ReferenceModules> {
  const [{ startReference }, { OptionError }] = await Promise.all([
    import('../../reference-impl/start-reference.ts'),
    import('../../reference-impl/endpoint.ts'),
  ]);
  return { startReference, OptionError };
}

/** The target; `load` gives other modules in place of the reference's own. */
export function reference(name: string, load: () => Promise<ReferenceModules> = ownModules): Target {
  return {
    name,
    implementation: 'reference',
    capabilities: {
      guestDevices: true,
      drives: true,
      qtest: true,
      humanMonitor: true,
      owned: true,
      sharedFiles: true,
      monitors: 8,
      reconnects: true,
    },
    unavailable: () => Promise.resolve(null),
    start: (request) => start(request, load),
  };
}

async function start(
  { topology, scratch, signal }: StartRequest,
  load: () => Promise<ReferenceModules>,
): Promise<Endpoint> {
  const { startReference, OptionError } = await load();
  signal?.throwIfAborted();
  await makeImages(topology.images, scratch);
  const argv = substituteDir(topology.options, scratch);
  const clock = new VirtualClock(BigInt(Date.now()) * 1000n, STARTED);
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    lines.splice(0, lines.length - LAST_LINES);
  };
  const random = new Random(1);
  try {
    const starting = startReference({
      argv: ['-S', ...machineOptions(argv), ...argv],
      monitors: topology.monitors,
      cwd: scratch,
      clock,
      random: () => random.uint32(),
      log,
    });
    // What devices read of their disks when they are made may take its time.
    const instance = await clock.passUntil(starting);
    return new EmbeddedEndpoint({ instance, clock, argv, dir: scratch, monitors: topology.monitors, lines });
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new StartError(error.message, { code: 1, signal: null }, [...lines, error.message]);
  }
}

interface Started {
  readonly instance: Reference;
  readonly clock: VirtualClock;
  readonly argv: readonly string[];
  readonly dir: string;
  readonly monitors: number;
  /** The latest lines of its log; they go on changing. */
  readonly lines: readonly string[];
}

class EmbeddedEndpoint implements Endpoint {
  readonly argv: readonly string[];
  readonly dir: string;
  readonly virtualTime = true;
  readonly exited: Promise<ExitInfo>;
  readonly #reference: Reference;
  readonly #clock: VirtualClock;
  readonly #monitors: number;
  readonly #lines: readonly string[];
  /** How much had begun when peers were last found silent. */
  #silentAfter = -1;
  readonly #ended: Promise<ExitInfo>;
  #die: (exit: ExitInfo) => void = () => {};
  #running = true;

  constructor({ instance, clock, argv, dir, monitors, lines }: Started) {
    this.#reference = instance;
    this.#clock = clock;
    this.argv = argv;
    this.dir = dir;
    this.#monitors = monitors;
    this.#lines = lines;
    this.#ended = instance.exited.then((code) => {
      this.#running = false;
      return { code, signal: null };
    });
    const killed = new Promise<ExitInfo>((resolve) => {
      this.#die = resolve;
    });
    this.exited = Promise.race([this.#ended, killed]);
  }

  get running(): boolean {
    return this.#running;
  }

  async openMonitor(index: number): Promise<Transport> {
    if (index >= this.#monitors) throw new RangeError(`this endpoint has ${this.#monitors} monitors`);
    return memoryTransport(`reference monitor ${index}`, (client) => this.#reference.connect(index, client));
  }

  lastWords(): readonly string[] {
    return [...this.#lines];
  }

  virtualNow(): number {
    return Number(this.#clock.now()) / 1e6;
  }

  async settle(milliseconds: number, enough?: () => boolean): Promise<void> {
    const settled = async (): Promise<void> => {
      // Bytes cross a memory transport in one turn each way.
      await turn();
      await this.#quiesce();
      await turn();
    };
    await this.#clock.advance(BigInt(Math.round(milliseconds * 1e6)), settled, enough);
  }

  /** How fast the machine is decides nothing, as long as something gets on. */
  async #quiesce(): Promise<void> {
    const idle = this.#reference.idle().then(() => true);
    const first = this.#reference.worked;
    const stall = this.#reference.begun === this.#silentAfter ? SILENCE_MS : STALL_MS;
    for (let before = first, stalls = 0; !(await within(stall, idle, false)); ) {
      const { worked, begun, endsByItself } = this.#reference;
      if (worked - first > MOST_WORK) return;
      stalls = worked === before ? stalls + 1 : 0;
      if (stalls >= (endsByItself ? MOST_STALLS : 1)) {
        if (!endsByItself) this.#silentAfter = begun;
        return;
      }
      before = worked;
    }
  }

  /** Nobody asks it any more and no time passes for it: what it has not written it does not write before `stop`. */
  async kill(): Promise<ExitInfo> {
    await this.#quiesce();
    this.#running = false;
    this.#die({ code: null, signal: 'SIGKILL' });
    return this.exited;
  }

  async stop(): Promise<ExitInfo> {
    const ended = this.#reference.stop().then(() => this.#ended);
    void this.#ageUntilEnded();
    // Inside our own process nothing can be killed: an instance that hangs is left behind.
    return within(STOP_MS, ended, { code: null, signal: null });
  }

  /** Requests that take their time are waited for by the end, and nobody else lets it pass. */
  async #ageUntilEnded(): Promise<void> {
    for (let step = 1, spent = 0; this.#running && spent < STOP_VIRTUAL_MS; spent += step, step *= 2)
      await this.settle(step);
  }
}
