/** Random requests in flight together, against a shadow of the disk. */
import { expect } from 'vitest';
import type { Image } from '../drivers/qcow2/image.ts';
import { read } from '../drivers/qcow2/reading.ts';
import { resize } from '../drivers/qcow2/resize.ts';
import { write, writeCompressed } from '../drivers/qcow2/writing.ts';
import { discardClusters, writeZeroes } from '../drivers/qcow2/zeroing.ts';

/** Numbers from a seed: `random(n)` is one of 0 to n - 1. */
export type Random = (below: number) => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

const LARGEST = 200_000;

/** Runs `rounds` of up to eight requests that do not overlap; gives what the disk holds then. */
export async function stress(
  image: Image,
  shadow: Uint8Array,
  random: Random,
  rounds: number,
  resizes: boolean,
): Promise<Uint8Array> {
  let model = shadow;
  for (let round = 0; round < rounds; round++) {
    await someRequests(image, model, random);
    if (random(10) === 0) await image.flush();
    if (random(6) === 0) await compressOne(image, model, random);
    if (resizes && random(12) === 0) {
      const size = Math.max(100 * 512, model.length + (random(400) - 200) * 512);
      await resize(image, size);
      const changed = new Uint8Array(size);
      changed.set(model.subarray(0, Math.min(size, model.length)));
      model = changed;
    }
  }
  return model;
}

async function someRequests(image: Image, model: Uint8Array, random: Random): Promise<void> {
  const requests: Promise<unknown>[] = [];
  const taken: [from: number, to: number][] = [];
  for (let i = 0; i < 8; i++) {
    const length = Math.min(1 + random(random(4) > 0 ? 3000 : LARGEST), model.length);
    const offset = random(model.length - length + 1);
    const end = offset + length;
    if (taken.some(([from, to]) => from < end && offset < to)) continue;
    taken.push([offset, end]);
    const kind = random(10);
    if (kind < 5) {
      const data = new Uint8Array(length).fill(1 + random(255));
      model.set(data, offset);
      requests.push(write(image, offset, data));
    } else if (kind < 8) {
      const expected = model.slice(offset, end);
      const buffer = new Uint8Array(length);
      requests.push(read(image, offset, buffer).then(() => expect(Buffer.compare(buffer, expected)).toBe(0)));
    } else {
      model.fill(0, offset, end);
      requests.push(writeZeroes(image, offset, length, kind === 8));
    }
  }
  await Promise.all(requests);
}

/** Forgets a cluster and writes it anew, compressed. */
async function compressOne(image: Image, model: Uint8Array, random: Random): Promise<void> {
  const { clusterSize } = image;
  const cluster = random(Math.floor(model.length / clusterSize));
  await discardClusters(image, cluster, 1, 'forget');
  const data = new Uint8Array(clusterSize).fill(1 + random(255));
  await writeCompressed(image, cluster * clusterSize, data);
  model.set(data, cluster * clusterSize);
}
