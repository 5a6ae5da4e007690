/** A monitor under mutated messages: it answers, lets others have their turn, and keeps nothing. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import type { Reference } from '../endpoint.ts';
import { startReference } from '../start-reference.ts';

let reference: Reference;

beforeAll(async () => {
  reference = await startReference({ argv: [], cwd: '/' });
});
afterAll(() => reference.stop());

const VALID = [
  '{"execute": "query-block-jobs", "id": 1}',
  '{"execute": "blockdev-add", "arguments": {"driver": "raw", "file": {"driver": "null-co"}, "node-name": 1}}',
  '{"execute": "block_resize", "arguments": {"size": -1.5e3, "node-name": "\\u00e9"}}',
];

/** `count` messages, each a valid one with some bytes changed, then a lexical error that ends what was left open. */
function garbage(count: number): Buffer[] {
  const random = new Random(1);
  return Array.from({ length: count }, () => {
    const bytes = Buffer.from(`${random.pick(VALID)}\n\xff`, 'latin1');
    for (let faults = random.below(4); faults > 0; faults -= 1)
      bytes[random.below(bytes.length - 1)] = random.below(256);
    return bytes;
  });
}

function connect(monitor: number) {
  const state = { bytes: 0, last: '' };
  const pipe = reference.connect(monitor, {
    data(bytes) {
      state.bytes += bytes.length;
      state.last = Buffer.from(bytes).toString();
    },
    end() {},
  });
  return { state, pipe };
}

test('10,000 mutated messages leave it answering, and others are served meanwhile', async () => {
  const flood = connect(0);
  const other = connect(1);
  await reference.idle();
  flood.pipe.write(Buffer.concat([Buffer.from('{"execute": "qmp_capabilities"}'), ...garbage(10_000)]));
  const before = flood.state.bytes;
  other.pipe.write(Buffer.from('{"execute": "qmp_capabilities", "id": "other"}'));
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(other.state.last).toContain('"other"');
  const served = flood.state.bytes;
  await reference.idle();
  expect(flood.state.bytes).toBeGreaterThan(served);
  expect(served).toBeGreaterThanOrEqual(before);
  flood.pipe.write(Buffer.from('{"execute": "query-version", "id": "alive"}'));
  await reference.idle();
  expect(flood.state.last).toContain('"alive"');
});
