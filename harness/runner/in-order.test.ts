import { expect, test } from 'vitest';
import { inOrder } from './in-order.ts';

/** A promise that the test ends when it likes. */
function pending<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<T>((...ends) => {
    [resolve, reject] = ends;
  });
  return { promise, resolve, reject };
}

function steps(count: number) {
  return Array.from({ length: count }, () => pending<{ at: number }>());
}

test('results come in the order of the items, each as soon as those before it are there', async () => {
  const given = steps(3);
  const emitted: number[] = [];
  const all = inOrder({
    items: [0, 1, 2],
    workers: ['a', 'b', 'c'],
    work: (_, index) => given[index]!.promise,
    emit: ({ at }) => emitted.push(at),
  });
  given[2]!.resolve({ at: 2 });
  given[1]!.resolve({ at: 1 });
  await given[1]!.promise;
  expect(emitted).toEqual([]);
  given[0]!.resolve({ at: 0 });
  expect(await all).toEqual([{ at: 0 }, { at: 1 }, { at: 2 }]);
  expect(emitted).toEqual([0, 1, 2]);
});

test('a worker has one item at a time, and takes the next when it is done', async () => {
  const busy = new Set<string>();
  const done: Record<string, number> = { a: 0, b: 0 };
  await inOrder({
    items: Array.from({ length: 20 }, (_, index) => index),
    workers: ['a', 'b'],
    work: async (worker) => {
      expect(busy.has(worker)).toBe(false);
      busy.add(worker);
      await new Promise((resolve) => setImmediate(resolve));
      busy.delete(worker);
      done[worker]! += 1;
      return null;
    },
  });
  expect(done.a! + done.b!).toBe(20);
  expect(Math.min(done.a!, done.b!)).toBeGreaterThan(0);
});

test('items are begun as `compare` sorts them, and told as they stand', async () => {
  const begun: string[] = [];
  const emitted: string[] = [];
  await inOrder({
    items: ['b1', 'a1', 'b2', 'a2'],
    workers: [null],
    compare: (a, b) => a.codePointAt(0)! - b.codePointAt(0)!,
    work: async (_, item) => {
      begun.push(item);
      return { item };
    },
    emit: ({ item }) => emitted.push(item),
  });
  expect(begun).toEqual(['a1', 'a2', 'b1', 'b2']);
  expect(emitted).toEqual(['b1', 'a1', 'b2', 'a2']);
});

test('an abort keeps what is done, also behind what is not', async () => {
  const controller = new AbortController();
  const given = steps(2);
  const emitted: number[] = [];
  const all = inOrder({
    items: [0, 1, 2],
    workers: ['a', 'b'],
    work: (_, index) => given[index]!.promise,
    emit: ({ at }) => emitted.push(at),
    signal: controller.signal,
  });
  controller.abort();
  given[0]!.reject(new Error('interrupted'));
  given[1]!.resolve({ at: 1 });
  expect(await all).toEqual([undefined, { at: 1 }, undefined]);
  expect(emitted).toEqual([1]);
});

test('nothing is begun after the time is up', async () => {
  let begun = 0;
  const results = await inOrder({
    items: [0, 1, 2],
    workers: [null],
    work: async () => {
      begun += 1;
      return null;
    },
    expired: () => begun === 2,
  });
  expect(results).toEqual([null, null, undefined]);
});

test('an error ends it when the others have ended too, and begins nothing more', async () => {
  const slow = pending<null>();
  const begun: number[] = [];
  let isOver = false;
  const all = inOrder({
    items: [0, 1, 2],
    workers: ['a', 'b'],
    work: async (_, index) => {
      begun.push(index);
      if (index === 0) throw new Error('broken');
      return slow.promise;
    },
  }).finally(() => {
    isOver = true;
  });
  all.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  slow.resolve(null);
  await expect(all).rejects.toThrow('broken');
  expect(begun).toEqual([0, 1]);
});

test('so does an error in `emit`, also after an abort', async () => {
  const controller = new AbortController();
  const all = inOrder({
    items: [0],
    workers: [null],
    work: async () => {
      controller.abort();
      return null;
    },
    emit: () => {
      throw new Error('disk full');
    },
    signal: controller.signal,
  });
  await expect(all).rejects.toThrow('disk full');
});
