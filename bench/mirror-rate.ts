/**
 * A full mirror of a qcow2 image whose data has all been written, on the reference and on qemu-storage-daemon, each in a
 * process of its own; and the memory that the reference took for it, against what the project promises.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QmpClient } from '../harness/qmp/client.ts';
import { connectUnix } from '../harness/transports/unix.ts';
import type { Json } from '../spec/json.ts';
import { BenchEndpoint, missingProgram, STORAGE_DAEMON } from './endpoints.ts';
import { type Benchmark, compared, inTurns, type Measurement } from './measure.ts';

const SIZE = 1 << 30;
const ROUNDS = 3;
/** Bytes. */
const MEMORY_PROMISE = 250e6;

class Mirror {
  readonly #client: QmpClient;
  readonly #folder: string;
  /** The size of the images, in bytes. */
  readonly #size: number;

  constructor(client: QmpClient, folder: string, size: number) {
    this.#client = client;
    this.#folder = folder;
    this.#size = size;
  }

  async add(name: string): Promise<void> {
    const file = { driver: 'file', filename: join(this.#folder, `${name}.qcow2`) };
    await this.#client.execute('blockdev-add', { driver: 'qcow2', 'node-name': name, file });
  }

  /** Mirrors to a new image until the job is ready, then ends it. */
  async round(): Promise<void> {
    createImage(join(this.#folder, 'target.qcow2'), this.#size);
    await this.add('target');
    const job = { 'job-id': 'j', device: 'source', target: 'target', sync: 'full' };
    await this.#client.execute('blockdev-mirror', job);
    await this.#client.events.wait('BLOCK_JOB_READY');
    await this.#client.execute('block-job-cancel', { device: 'j' });
    await this.#client.events.wait('BLOCK_JOB_COMPLETED');
    while (((await this.#client.execute('query-block-jobs')) as Json[]).length > 0);
    await this.#client.execute('blockdev-del', { 'node-name': 'target' });
  }
}

function createImage(path: string, size: number): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path, `${size}`]);
}

/** The most memory that a process has had, in bytes. */
function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

async function measureIn(folder: string, rounds: number, size: number): Promise<Measurement[]> {
  const source = join(folder, 'source.qcow2');
  createImage(source, size);
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P 5 0 ${size}`, source]);
  const sides = [await BenchEndpoint.reference(), await BenchEndpoint.storageDaemon()] as const;
  const clients: QmpClient[] = [];
  try {
    for (const side of sides) clients.push(await QmpClient.connect(await connectUnix(side.sockets[0]!)));
    const [ours, peer] = clients.map((client) => new Mirror(client, folder, size)) as [Mirror, Mirror];
    await ours.add('source');
    await peer.add('source');
    const times = await inTurns(
      rounds,
      () => ours.round(),
      () => peer.round(),
    );
    const round = `${size >> 20} MiB of data, from the command to the end of the job`;
    const rate = {
      id: 'mirror-rate',
      title: 'reference against qemu-storage-daemon: a full mirror, qcow2 to qcow2',
    };
    const memory = {
      id: 'mirror-memory',
      title: `memory for it: less than ${MEMORY_PROMISE / 1e6} MB at its peak`,
      unit: 'MB' as const,
    };
    return [
      compared({ ...rate, claim: 0.3, round }, times),
      compared(
        { ...memory, claim: 1, round },
        { ours: peakMemory(sides[0].pid) / 1e6, peer: MEMORY_PROMISE / 1e6 },
      ),
    ];
  } finally {
    for (const client of clients) await client.close();
    for (const side of sides) await side.stop();
  }
}

export const mirrorRate: Benchmark = {
  unavailable: () =>
    Promise.resolve(
      missingProgram(STORAGE_DAEMON) ?? missingProgram('qemu-img') ?? missingProgram('qemu-io'),
    ),
  async measure({ rounds, amount }) {
    const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-bench-'));
    try {
      return await measureIn(folder, rounds(ROUNDS), amount(SIZE));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
