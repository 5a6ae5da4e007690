/**
 * Formats besides qcow2 on the reference, in process: requests one after the other and at places all over the disk, against
 * qemu-img bench on the same file, whose clusters are all there.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from '../reference-impl/graph/node.ts';
import { openNode } from '../reference-impl/graph/open.ts';
import { ReferenceEndpoint } from '../reference-impl/reference-endpoint.ts';
import { missingProgram } from './endpoints.ts';
import { type Benchmark, compared, inTurns, type Measurement } from './measure.ts';

const FORMATS = ['parallels', 'qcow', 'qed', 'vdi', 'vhdx', 'vmdk', 'vpc'];
const DEPTH = 64;
const DISK = 128 << 20;
const ROUNDS = 5;

/** Requests of `size` bytes, each `step` bytes behind the one before, around the end of the disk. */
interface Pattern {
  readonly name: string;
  readonly size: number;
  readonly step: number;
  readonly count: (disk: number) => number;
}

const PATTERNS: readonly Pattern[] = [
  { name: 'sequential', size: 64 << 10, step: 64 << 10, count: (disk) => disk / (64 << 10) },
  // an odd number of blocks: all of them have their turn
  { name: 'random', size: 4 << 10, step: 7919 * (4 << 10), count: (disk) => disk / (16 << 10) },
];

const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { encoding: 'utf8' });

async function ours(node: Node, { size, step, count }: Pattern, disk: number, write: boolean): Promise<void> {
  const requests = count(disk);
  let next = 0;
  const worker = async () => {
    const buffer = new Uint8Array(size).fill(1);
    while (next < requests) {
      const offset = (next * step) % disk;
      next += 1;
      if (write) await node.io.write(offset, buffer);
      else await node.io.read(offset, buffer);
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, worker));
}

function theirs(format: string, path: string, pattern: Pattern, disk: number, write: boolean): void {
  const { size, step, count } = pattern;
  const options = { c: count(disk), d: DEPTH, s: size, S: step % disk };
  const words = Object.entries(options).flatMap(([name, value]) => [`-${name}`, `${value}`]);
  qemuImg('bench', '-q', '-f', format, ...words, ...(write ? ['-w'] : []), path);
}

async function rates(format: string, folder: string, rounds: number, disk: number): Promise<Measurement[]> {
  const { graph } = new ReferenceEndpoint({ cwd: '/' }).block;
  const path = join(folder, `disk.${format}`);
  qemuImg('create', '-q', '-f', format, path, `${disk}`);
  theirs(format, path, PATTERNS[0]!, disk, true);
  const results: Measurement[] = [];
  for (const pattern of PATTERNS)
    for (const direction of ['read', 'write'] as const) {
      const write = direction === 'write';
      const times = await inTurns(
        rounds,
        async () => {
          const node = await openNode(graph, { driver: format, file: { driver: 'file', filename: path } });
          await ours(node, pattern, disk, write).finally(() => graph.release(node));
        },
        () => theirs(format, path, pattern, disk, write),
      );
      const claim = {
        id: `${format}-${pattern.name}-${direction}`,
        title: `${format} on the reference against qemu-img bench: ${pattern.name} ${direction}s`,
        claim: 0.5,
        round: `${pattern.count(disk)} requests of ${pattern.size >> 10} KiB, ${DEPTH} in flight, opening and closing included`,
      };
      results.push(compared(claim, times));
    }
  return results;
}

export const formatRate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram('qemu-img')),
  async measure({ rounds, amount }) {
    const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-bench-'));
    try {
      const results: Measurement[] = [];
      for (const format of FORMATS)
        results.push(...(await rates(format, folder, rounds(ROUNDS), amount(DISK))));
      return results;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
