/** Random requests in flight together, against a model of the disk. */

import { expect } from 'vitest';
import type { Random } from '../../generators/random.ts';
import type { Image } from '../drivers/qcow2/image.ts';
import { read } from '../drivers/qcow2/reading.ts';
import { resize } from '../drivers/qcow2/resize.ts';
import { write, writeCompressed } from '../drivers/qcow2/writing.ts';
import { discardClusters, writeZeroes } from '../drivers/qcow2/zeroing.ts';

const LARGEST = 200_000;

/** Runs `rounds` of up to eight requests that do not overlap; gives what the disk holds then. */
export async function stress(
  image: Image,
  start: Uint8Array,
  random: Random,
  rounds: number,
  resizes: boolean,
): Promise<Uint8Array> {
  let model = start;
  for (let round = 0; round < rounds; round++) {
    await someRequests(image, model, random);
    if (random.below(10) === 0) await image.flush();
    if (random.below(6) === 0) await compressOne(image, model, random);
    if (resizes && random.below(12) === 0) {
      const size = Math.max(100 * 512, model.length + (random.below(400) - 200) * 512);
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
    const length = Math.min(1 + random.below(random.below(4) > 0 ? 3000 : LARGEST), model.length);
    const offset = random.below(model.length - length + 1);
    const end = offset + length;
    if (taken.some(([from, to]) => from < end && offset < to)) continue;
    taken.push([offset, end]);
    const kind = random.below(10);
    if (kind < 5) {
      const data = new Uint8Array(length).fill(1 + random.below(255));
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
  const cluster = random.below(Math.floor(model.length / clusterSize));
  await discardClusters(image, cluster, 1, 'forget');
  const data = new Uint8Array(clusterSize).fill(1 + random.below(255));
  await writeCompressed(image, cluster * clusterSize, data);
  model.set(data, cluster * clusterSize);
}
