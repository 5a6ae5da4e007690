/**
 * Round trips of a fuzzing executor, all checks on and their own queries counted, against a bare socket loop on the same
 * kind of endpoint: what the executor sends is recorded as it goes over the wire, and the bare loop sends the very same
 * lines, one by one. What the executor takes for itself counts: data, files, fresh processes, waiting for events.
 *
 * Programs are of a fixed seed, without those that end the endpoint, since what comes after is another conversation,
 * and without bytes that bring no reply, or several.
 */

import { Random } from '../generators/random.ts';
import { generate } from '../generators/sequences/generate.ts';
import type { Program } from '../generators/sequences/program.ts';
import { type PreparedCampaign, prepareCampaign } from '../harness/fuzz/prepare-campaign.ts';
import { ProgramExecutor } from '../harness/fuzz/program-executor.ts';
import { ScratchArea } from '../harness/runner/scratch.ts';
import { qemuStorageDaemon } from '../harness/targets/qemu-storage-daemon.ts';
import type { Target, Topology } from '../harness/targets/target.ts';
import type { Transport } from '../harness/transports/transport.ts';
import { missingProgram, STORAGE_DAEMON } from './endpoints.ts';
import { type Benchmark, compared, median, seconds } from './measure.ts';

const PROGRAMS = 150;
const ROUNDS = 3;
/** The bare loop passes over lines that are not answered within so many milliseconds. */
const BARE_LIMIT_MS = 1_000;

/** What was sent to one endpoint. */
interface Conversation {
  readonly topology: Topology;
  /** The scratch folder as its lines name it. */
  readonly dir: string;
  readonly lines: string[];
}

export const fuzzRate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram(STORAGE_DAEMON)),
  async measure({ rounds, amount }) {
    const area = await ScratchArea.open();
    try {
      const target = qemuStorageDaemon(STORAGE_DAEMON);
      const prepared = await prepareCampaign({ target, area, invalid: 0, raw: 0 });
      const programs = await lasting(prepared, area, amount(PROGRAMS));
      const turns: Turn[] = [];
      for (let round = 0; round < rounds(ROUNDS); round += 1)
        turns.push(await turn(prepared, programs, area));
      const trips = median(turns.map((one) => one.trips));
      return [
        compared(
          {
            id: 'fuzz-rate',
            title: 'fuzzing with all checks against a bare socket loop on qemu-storage-daemon',
            claim: 0.5,
            round: `${programs.length} programs, ${trips} round trips`,
          },
          { ours: median(turns.map(({ ours }) => ours)), peer: median(turns.map(({ peer }) => peer)) },
        ),
      ];
    } finally {
      await area.close();
    }
  },
};

/** Programs after which the endpoint still runs. */
async function lasting(prepared: PreparedCampaign, area: ScratchArea, count: number): Promise<Program[]> {
  const executor = new ProgramExecutor(prepared.config, area);
  const programs: Program[] = [];
  for (let index = 0; programs.length < count; index += 1) {
    const program = generate(prepared.generation, new Random(`rate/${index}`));
    const { record } = await executor.run(program);
    if (record.outcome !== 'crash' && record.outcome !== 'timeout') programs.push(program);
  }
  await executor.stop();
  return programs;
}

/** Seconds of the executor and of the bare loop for the round trips that the executor made. */
interface Turn {
  readonly ours: number;
  readonly peer: number;
  readonly trips: number;
}

async function turn(
  { config }: PreparedCampaign,
  programs: readonly Program[],
  area: ScratchArea,
): Promise<Turn> {
  const conversations: Conversation[] = [];
  const executor = new ProgramExecutor({ ...config, target: recording(config.target, conversations) }, area);
  const ours = await seconds(async () => {
    for (const program of programs) await executor.run(program);
  });
  await executor.stop();
  const trips = conversations.reduce((sum, { lines }) => sum + lines.length, 0);
  let [answered, taken] = [0, 0];
  for (const conversation of conversations) {
    const one = await bare(config.target, conversation, area);
    answered += one.answered;
    taken += one.taken;
  }
  return { ours, peer: (taken / answered) * trips, trips };
}

/** The same target, with every line noted as it is sent, to whichever monitor. */
function recording(target: Target, conversations: Conversation[]): Target {
  return {
    ...target,
    async start(request) {
      const endpoint = await target.start(request);
      const lines: string[] = [];
      conversations.push({ topology: request.topology, dir: endpoint.dir, lines });
      const openMonitor = endpoint.openMonitor.bind(endpoint);
      endpoint.openMonitor = async (index) => {
        const transport = await openMonitor(index);
        const write = transport.write.bind(transport);
        transport.write = (bytes) => {
          // What is sent at the same moment goes out in one piece.
          const sent = Buffer.from(bytes).toString();
          lines.push(...sent.split(/(?<=\n)/));
          return write(bytes);
        };
        return transport;
      };
      return endpoint;
    },
  };
}

/** An endpoint that a line ends is left there: chance is not the same twice. */
async function bare(
  target: Target,
  { topology, dir, lines }: Conversation,
  area: ScratchArea,
): Promise<{ answered: number; taken: number }> {
  const scratch = await area.make('bare');
  const endpoint = await target.start({ topology, scratch });
  const loop = new TransportLoop(await endpoint.openMonitor(0));
  await loop.reply;
  const own = lines.map((line) => Buffer.from(line.replaceAll(dir, endpoint.dir)));
  let [answered, taken] = [0, 0];
  for (const line of own) {
    let came = false;
    const waited = await seconds(async () => {
      came = await loop.send(line);
    });
    if (!came) continue;
    answered += 1;
    taken += waited;
  }
  await loop.close();
  await endpoint.stop();
  return { answered, taken };
}

/** Writes a line and waits for a line that is no event; parses nothing. */
class TransportLoop {
  /** The greeting first, then what the last line brings; false if nothing comes in time, or ever. */
  reply: Promise<boolean>;
  readonly #transport: Transport;
  readonly #watch: NodeJS.Timeout;
  #settle: (answered: boolean) => void = () => undefined;
  #begun = '';
  #closed = false;
  /** Looks since the last line was sent. */
  #looks = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.reply = this.#next();
    this.#watch = setInterval(() => {
      this.#looks += 1;
      if (this.#looks > 1) this.#settle(false);
    }, BARE_LIMIT_MS);
    transport.open({
      data: (chunk) => this.#data(Buffer.from(chunk)),
      closed: () => {
        this.#closed = true;
        this.#settle(false);
      },
    });
  }

  async send(line: Uint8Array): Promise<boolean> {
    if (this.#closed) return false;
    this.#looks = 0;
    this.reply = this.#next();
    void this.#transport.write(line)?.catch(() => undefined);
    return this.reply;
  }

  close(): Promise<void> {
    clearInterval(this.#watch);
    return this.#transport.close();
  }

  #next(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #data(chunk: Buffer): void {
    const lines = (this.#begun + chunk.toString('latin1')).split('\n');
    this.#begun = lines.pop()!;
    if (lines.some((line) => !line.startsWith('{"timestamp"'))) this.#settle(true);
  }
}
