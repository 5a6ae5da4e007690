/**
 * One endpoint without its connections: services, block layer and dispatcher tied together, the monitors that it
 * tells its events, and how it ends.
 */
import { loadBlockSchema } from '../spec/block-core.ts';
import type { BlockJobType, QmpEvents } from '../spec/generated/qmp.ts';
import type { Schema } from '../spec/model.ts';
import { restrictSchema } from '../spec/restrict-schema.ts';
import { BlockLayer } from './backend/block-layer.ts';
import type { CommandContext } from './commands/handler.ts';
import { commands } from './commands/index.ts';
import { DeviceRegistry } from './devices/device-registry.ts';
import { RunState } from './devices/run-state.ts';
import { drivers, unbuilt } from './drivers/index.ts';
import type { ReferenceOptions } from './endpoint.ts';
import { NbdServer } from './exports/nbd/nbd-export-server.ts';
import { releaseHeld } from './graph/drained-section.ts';
import { DriverTable } from './graph/driver-table.ts';
import { realClock } from './host/clock.ts';
import { HostWork } from './host/host-work.ts';
import { SteppedClock } from './host/stepped-clock.ts';
import { JobRegistry } from './jobs/job-registry.ts';
import { MainLoop } from './jobs/main-loop.ts';
import { Dispatcher } from './monitor/dispatcher.ts';
import { EventRate } from './monitor/event-rate.ts';
import { FaultPlan } from './monitor/fault-plan.ts';
import { runHumanLine } from './monitor/hmp/run-line.ts';
import { QmpMonitor } from './monitor/qmp-monitor.ts';
import { Objects } from './objects/objects.ts';
import { withLifecycle } from './qapi/lifecycle.ts';
import { type EventName, events } from './services/emitted-events.ts';

/** The names of all drivers that it was built with. */
export const driverNames: readonly string[] = Object.keys(drivers);

interface Schemas {
  /** What arguments are checked against: the whole, as by an endpoint that was built without some drivers. It knows their options, and then lacks the driver. */
  readonly inputs: Schema;
  readonly advertised: Schema;
}

const schemas = new Map<boolean, Schemas>();

/** The schemas of every reference, without or with the lifecycle arguments: the same for all. */
function schemasFor(jobLifecycle: boolean): Schemas {
  const known = schemas.get(jobLifecycle);
  if (known) return known;
  const inputs = jobLifecycle ? withLifecycle(loadBlockSchema()) : loadBlockSchema();
  const implemented = { commands: Object.keys(commands), events, drivers: [...driverNames, ...unbuilt] };
  const made = { inputs, advertised: restrictSchema(inputs, implemented) };
  schemas.set(jobLifecycle, made);
  return made;
}

/** Puts an endpoint together. `start-reference.ts` gives it its monitors. */
export class ReferenceEndpoint implements CommandContext {
  readonly clock: SteppedClock;
  readonly guestClock: SteppedClock;
  readonly random: () => number;
  cwd: string;
  readonly hostWork = new HostWork();
  readonly loop = new MainLoop(this.hostWork);
  readonly objects = new Objects();
  readonly schema: Schema;
  readonly block: BlockLayer;
  readonly devices: DeviceRegistry;
  readonly jobs: JobRegistry;
  readonly nbd: NbdServer;
  readonly run = new RunState(this);
  readonly dispatcher: Dispatcher;
  guestName: string | undefined;
  guestUuid: string | undefined;
  /** Resolves when all options are carried out: clients of monitors that came before are greeted then. */
  readonly begun: Promise<void>;
  /** Resolves with the exit status when everything is closed. */
  readonly exited: Promise<number>;
  readonly #log: (line: string) => void;
  readonly #print: (line: string) => void;
  readonly #monitors: QmpMonitor[] = [];
  readonly #closing: (() => Promise<void>)[] = [];
  #begin!: () => void;
  #exit!: (status: number) => void;
  readonly #rate: EventRate;
  readonly #faults: FaultPlan | undefined;
  #ending = false;

  constructor(options: Omit<ReferenceOptions, 'argv'>) {
    this.clock = new SteppedClock(options.clock ?? realClock());
    this.guestClock = new SteppedClock(this.clock);
    this.random = options.random ?? (() => Math.floor(Math.random() * 2 ** 32));
    this.cwd = options.cwd;
    this.#log = options.log ?? (() => {});
    this.#print = options.print ?? (() => {});
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.exited = new Promise((resolve) => {
      this.#exit = resolve;
    });
    this.#faults = options.faults && this.#planOf(options.faults);
    this.#rate = new EventRate(this.clock, (message) => {
      const send = () => {
        for (const monitor of this.#monitors) monitor.event(message);
      };
      // What nobody hears does not count.
      if (this.#faults && this.#monitors.some(({ isHeard }) => isHeard))
        this.#faults.event(String(message.event), send);
      else send();
    });
    const { inputs, advertised } = schemasFor(options.jobLifecycle ?? false);
    this.schema = advertised;
    this.jobs = new JobRegistry(this, this.loop);
    this.block = new BlockLayer(this, new DriverTable(drivers), [this.jobs]);
    this.devices = new DeviceRegistry(this.block, this.run, this.jobs);
    this.nbd = new NbdServer(this, this.block.graph);
    this.dispatcher = new Dispatcher(commands, this, inputs, this.loop);
  }

  #planOf({ plan, kill }: NonNullable<ReferenceOptions['faults']>): FaultPlan {
    const dropLinks = () => {
      for (const monitor of this.#monitors) monitor.hangUp();
    };
    return new FaultPlan(plan, { clock: this.clock, dropLinks, kill });
  }

  /** A job has come from one offset to another. */
  jobProgressed(type: BlockJobType, from: number, to: number): void {
    this.#faults?.progressed(type, from, to);
  }

  /** Tells the user something that is asked for, such as where a terminal is. */
  print(line: string): void {
    this.#print(line);
  }

  log(line: string): void {
    this.#log(line);
  }

  emit<E extends EventName>(event: E, data?: QmpEvents[E]): void {
    const wall = this.clock.wall();
    const timestamp = { seconds: Number(wall / 1_000_000n), microseconds: Number(wall % 1_000_000n) };
    const message = data === undefined ? { timestamp, event } : { timestamp, event, data };
    this.#rate.send(event, message);
  }

  /** It is as its options want it: clients are served from now on. */
  begin(): void {
    this.#begin();
  }

  addMonitor(): QmpMonitor {
    const monitor = new QmpMonitor(this.begun, this.dispatcher, this.hostWork, this.#faults);
    this.#monitors.push(monitor);
    return monitor;
  }

  /** The monitor of that index; it and those before it are made when they are first asked for. */
  monitor(index: number): QmpMonitor {
    while (this.#monitors.length <= index) this.addMonitor();
    return this.#monitors[index]!;
  }

  /** Has something closed when the endpoint ends. */
  onEnd(close: () => Promise<void>): void {
    this.#closing.push(close);
  }

  humanLine(line: string): Promise<string> {
    return runHumanLine(line, this);
  }

  /** `guest`: the guest wants it. */
  shutdown(guest = false): void {
    if (this.#ending) return;
    this.#ending = true;
    this.emit('SHUTDOWN', { guest });
    for (const monitor of this.#monitors) monitor.deafen();
    setImmediate(() => this.#end(0));
  }

  abort(line: string): void {
    this.log(line);
    // What is in progress is not answered any more.
    for (const monitor of this.#monitors) monitor.close();
    if (this.#ending) return;
    this.#ending = true;
    setImmediate(() => this.#end(1));
  }

  async #end(status: number): Promise<void> {
    try {
      this.hostWork.end();
      releaseHeld(this.block.graph.nodes);
      // What a command is making must be whole before it can be closed; one that waits for others would not end.
      const { inProgress } = this.loop;
      if (inProgress) await Promise.race([inProgress, this.hostWork.idle()]);
      // Clients are told how jobs end, unless something has broken.
      if (status === 0) await this.#endJobs();
      for (const monitor of this.#monitors) monitor.close();
      this.#rate.close();
      await Promise.all(this.#closing.map((close) => close()));
      await this.nbd.close();
      await this.jobs.cancelAll();
      await this.block.close();
      this.#ended(status);
    } catch (error) {
      this.log(`closing failed: ${String(error)}`);
      this.#ended(1);
    }
  }

  #ended(status: number): void {
    // The guest's goes by it.
    this.clock.close();
    this.#exit(status);
  }

  /** Jobs go on as far as they do when all is drained, and are cancelled there. */
  async #endJobs(): Promise<void> {
    if (this.jobs.all.length === 0) return;
    await this.block.graph.drainAll();
    await this.jobs.cancelAll();
  }
}
