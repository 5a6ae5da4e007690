/**
 * qcow2 on the reference, in process: sequential requests of 64 KiB, 64 in flight, against qemu-img bench on the same
 * file; and opening a large image with a chain below it, against what the project promises.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node } from '../reference-impl/graph/node.ts';
import type { NodeGraph } from '../reference-impl/graph/node-graph.ts';
import { openNode } from '../reference-impl/graph/open.ts';
import { ReferenceEndpoint } from '../reference-impl/reference-endpoint.ts';
import { missingProgram } from './endpoints.ts';
import { type Benchmark, compared, inTurns, type Measurement, median } from './measure.ts';

const REQUEST = 64 << 10;
const DEPTH = 64;
const DISK = 256 << 20;
const ROUNDS = 5;
const CHAIN = 5;
const OPENINGS = 9;
/** Seconds. */
const OPENING_PROMISE = 0.05;

const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { encoding: 'utf8' });

/** So many requests in order, `DEPTH` of them in flight. */
async function sequential(node: Node, requests: number, write: boolean): Promise<void> {
  let next = 0;
  const worker = async () => {
    const buffer = new Uint8Array(REQUEST).fill(1);
    while (next < requests) {
      const offset = next * REQUEST;
      next += 1;
      if (write) await node.io.write(offset, buffer);
      else await node.io.read(offset, buffer);
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, worker));
}

function peer(path: string, requests: number, write: boolean): void {
  const direction = write ? ['-w'] : [];
  qemuImg(
    'bench',
    '-q',
    '-f',
    'qcow2',
    '-c',
    `${requests}`,
    '-d',
    `${DEPTH}`,
    '-s',
    `${REQUEST}`,
    ...direction,
    path,
  );
}

async function withNode(graph: NodeGraph, path: string, work: (node: Node) => Promise<void>): Promise<void> {
  const node = await openNode(graph, { driver: 'qcow2', file: { driver: 'file', filename: path } });
  try {
    await work(node);
  } finally {
    await graph.release(node);
  }
}

async function rates(graph: NodeGraph, folder: string, rounds: number, disk: number): Promise<Measurement[]> {
  const requests = disk / REQUEST;
  const results: Measurement[] = [];
  for (const direction of ['read', 'write'] as const) {
    const path = join(folder, `${direction}.qcow2`);
    qemuImg('create', '-q', '-f', 'qcow2', '-o', 'preallocation=full', path, `${disk}`);
    const write = direction === 'write';
    const times = await inTurns(
      rounds,
      () => withNode(graph, path, (node) => sequential(node, requests, write)),
      () => peer(path, requests, write),
    );
    const claim = {
      id: `qcow2-${direction}`,
      title: `qcow2 on the reference against qemu-img bench: sequential ${direction}s`,
      claim: 0.3,
      round: `${requests} requests of ${REQUEST >> 10} KiB, ${DEPTH} in flight, opening and closing included`,
    };
    results.push(compared(claim, times));
  }
  return results;
}

async function opening(graph: NodeGraph, folder: string, openings: number): Promise<Measurement> {
  const names = Array.from({ length: CHAIN + 1 }, (_, i) => join(folder, `layer${i}.qcow2`));
  for (const [i, name] of names.entries()) {
    const below = i === 0 ? [] : ['-b', names[i - 1]!, '-F', 'qcow2'];
    qemuImg('create', '-q', '-f', 'qcow2', ...below, name, '1T');
  }
  const times: number[] = [];
  for (let i = 0; i < openings; i++) {
    let opened = 0;
    const start = process.hrtime.bigint();
    await withNode(graph, names.at(-1)!, () => {
      opened = Number(process.hrtime.bigint() - start) / 1e9;
      return Promise.resolve();
    });
    times.push(opened);
  }
  const claim = {
    id: 'qcow2-open',
    title: `opening a qcow2 image of 1 TiB with ${CHAIN} images below it in less than ${OPENING_PROMISE * 1000} ms`,
    claim: 1,
    round: 'one opening',
  };
  return compared(claim, { ours: median(times), peer: OPENING_PROMISE });
}

export const qcow2Rate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram('qemu-img')),
  async measure({ rounds, amount }) {
    const { graph } = new ReferenceEndpoint({ cwd: '/' }).block;
    const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-bench-'));
    try {
      return [
        ...(await rates(graph, folder, rounds(ROUNDS), amount(DISK))),
        await opening(graph, folder, rounds(OPENINGS)),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
