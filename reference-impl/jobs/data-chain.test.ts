/** What the images of a chain hold after streams and commits, with a guest writing meanwhile, against models of them. */
import { describe, expect, test } from 'vitest';
import { type DataRun, ENDINGS, type Ending, holds, type Outcome, scenario } from '../testing/data-run.ts';
import { chainOf, expectBytes, type TestImage, withoutQemuImg } from '../testing/modelled-images.ts';

test('qemu-img is here to check the images that the jobs below leave', ({ skip }) => {
  skip(withoutQemuImg !== undefined, withoutQemuImg);
});

/** The name by which a command finds an image in a chain. */
function knownAs(data: DataRun, { name }: TestImage): string {
  return data.fixture.node(name).filename.shown;
}

/** Names in headers are plain file names also where a node's own name for its file would tell of its key. */
function named({ file }: TestImage): { 'backing-file': string } {
  return { 'backing-file': file };
}

describe('stream', () => {
  test.each(ENDINGS)('to any image from those below it; %s', async (ending) => {
    await holds(scenario(chainOf(1)), ending, (data) => stream(data, ending));
  });
});

async function stream(data: DataRun, ending: Ending): Promise<Outcome> {
  const { chain, given } = data;
  const k = 1 + (given.chosen[0] % (chain.length - 1));
  const image = chain[k]!;
  // One more choice: nothing is kept below.
  const base = chain.slice(0, k)[given.chosen[1] % (k + 1)];
  const below = chain[k - 1]!;
  const args = { device: image.name, ...(base ? { 'base-node': base.name, ...named(base) } : {}) };
  const outcome = await data.play({ command: 'block-stream', args, failing: [below.name, 'read'] }, ending);
  if (outcome === 'completed') image.model.streamFrom(base?.model);
  await data.afterwards(data.top);
  await data.verify();
  return outcome;
}

describe('commit', () => {
  test.each(ENDINGS)('of images between the top and a base; %s', async (ending) => {
    await holds(scenario(chainOf(2)), ending, (data) => commitBetween(data, ending));
  });

  test.each(ENDINGS)('of the active layer; %s', async (ending) => {
    await holds(scenario(chainOf(1)), ending, (data) => commitActive(data, ending, 'complete'));
  });

  test('of the active layer, told to stop when ready', async () => {
    await holds(scenario(chainOf(1)), 'completes', (data) => commitActive(data, 'completes', 'cancel'));
  });
});

async function commitBetween(data: DataRun, ending: Ending): Promise<Outcome> {
  const { chain, given } = data;
  const t = 1 + (given.chosen[0] % (chain.length - 2));
  const b = given.chosen[1] % t;
  const [base, top, overlay] = [chain[b]!, chain[t]!, chain[t + 1]!];
  const args = {
    device: data.top.name,
    top: knownAs(data, top),
    base: knownAs(data, base),
    ...named(base),
  };
  const outcome = await data.play({ command: 'block-commit', args, failing: [base.name, 'write'] }, ending);
  const open = committed(chain.slice(b, t), [top.model.shows()]);
  if (outcome === 'completed') {
    open.clear();
    overlay.model.below = base.model;
    hideTail(base, top, overlay);
  }
  await data.afterwards(data.top);
  await data.verify(open);
  return outcome;
}

/** What showed as zeroes behind the end of the top must not show what a longer base holds there. */
function hideTail(base: TestImage, top: TestImage, overlay: TestImage): void {
  const end = Math.min(base.model.size, overlay.model.size);
  if (end > top.model.size) base.model.write(top.model.size, Buffer.alloc(end - top.model.size));
}

async function commitActive(
  data: DataRun,
  ending: Ending,
  whenReady: 'complete' | 'cancel',
): Promise<Outcome> {
  const { chain, given, top } = data;
  const b = given.chosen[1] % (chain.length - 1);
  const base = chain[b]!;
  const args = { device: top.name, base: knownAs(data, base) };
  const plan = { command: 'block-commit', args, failing: [base.name, 'write'], whenReady } as const;
  const outcome = await data.play(plan, ending);
  const open = committed(chain.slice(b, -1), [...data.shown]);
  if (outcome === 'completed') open.clear();
  const isPivoted = outcome === 'completed' && data.told === 'complete';
  expect(data.guest.node.name).toBe(isPivoted ? base.name : top.name);
  await data.afterwards(isPivoted ? base : top);
  await data.verify(open);
  return outcome;
}

/**
 * Has the base, the first of `between`, hold the last of `contents`, and gives what it and those above it, up to the top,
 * may show if not all of that has come to pass.
 */
function committed(
  between: readonly TestImage[],
  contents: readonly Buffer[],
): Map<TestImage, (shown: Buffer) => void> {
  const base = between[0]!;
  base.model.grow(contents[0]!.length);
  const may = between.map(({ model }) => [model.shows()]);
  for (const content of contents) {
    base.model.takeIn(content);
    for (const [index, { model }] of between.entries()) may[index]!.push(model.shows());
  }

  return new Map(
    between.map((image, index) => [image, (shown) => expectBytes(image.name, shown, ...may[index]!)]),
  );
}
