/**
 * What every driver must do behind the block I/O layer, whatever it is. A driver's test calls this with a way to make
 * disks; a driver that keeps no data or cannot resize says so, and is then held to that.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Services } from '../services/services.ts';
import { testGraph, testServices } from './test-services.ts';

export interface DriverSubject {
  readonly name: string;
  /** Makes a disk of `size` bytes of zeroes inside `folder`; the result opens it, as often as one likes. */
  make(folder: string, size: number, services: Services): Promise<JsonObject>;
  /** What is written is there when it is read. */
  readonly keepsData: boolean;
  /** `grows`: it is made longer and never shorter. */
  readonly resizes: boolean | 'grows';
  /** Writing past the end makes the disk longer. */
  readonly grows: boolean;
  /** Its nodes are read-only, whatever is asked for. */
  readonly onlyReads?: boolean;
  /** What was never written is whatever its cipher makes of zeroes. */
  readonly scrambles?: boolean;
  /** How many random sequences of requests it is put through, where opening it costs much. */
  readonly runs?: number;
}

const SIZE = 192 * 1024;
const RUNS = 25;
/** How many steps are failed, one after the other; a driver that takes more in a few writes is held to the first of them. */
const MAX_STEPS = 40;

type Operation =
  | { readonly kind: 'read' | 'write' | 'zero' | 'discard'; readonly offset: number; readonly length: number }
  | { readonly kind: 'flush' | 'reopen' };

const range = fc
  .tuple(
    fc.integer({ min: 0, max: SIZE - 1 }),
    fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 70_000 })),
  )
  .map(([offset, length]) => ({ offset, length: Math.min(length, SIZE - offset) }));
const operation: fc.Arbitrary<Operation> = fc
  .oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('read', 'write', 'zero', 'discard'), range }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('flush', 'reopen'), range }) },
  )
  .map(({ kind, range: { offset, length } }) => ({ kind, offset, length }) as Operation);

export function driverContract(subject: DriverSubject): void {
  describe(`${subject.name}: driver contract`, () => {
    // A law that does not concern the driver is left out, not skipped.
    const ifKeepsData = subject.keepsData ? test : leaveOut;
    const ifResizes = subject.resizes === true ? test : leaveOut;
    const ifFixed = subject.resizes === false ? test : leaveOut;
    let folder: string;
    let graph: NodeGraph;
    let definition: JsonObject;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qmpcheck-driver-'));
      graph = testGraph(testServices(folder));
      definition = {
        'node-name': 'disk',
        discard: 'unmap',
        ...(await subject.make(folder, SIZE, graph.services)),
      };
    });

    afterEach(async () => {
      for (;;) {
        const node = graph.nodes.find((candidate) => candidate.parents.length === 0);
        if (!node) break;
        await graph.release(node);
      }
      expect(graph.nodes).toEqual([]);
      await rm(folder, { recursive: true });
    });

    const open = (options: JsonObject = {}): Promise<Node> => openNode(graph, { ...definition, ...options });

    test('has the length it was made with', async () => {
      expect((await open()).io.length()).toBe(SIZE);
    });

    ifKeepsData('holds what a model holds, also after it was reopened', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(operation, { minLength: 1, maxLength: 30 }),
          fc.nat(255),
          async (operations, fill) => {
            let node = await open();
            const model = new Uint8Array(SIZE);
            await node.io.writeZeroes(0, SIZE);
            for (const [step, action] of [...operations, { kind: 'reopen' } as const].entries()) {
              if (action.kind === 'reopen') {
                await graph.release(node);
                node = await open();
              } else await apply(node, model, action, (fill + step) & 0xff);
            }
            expect(Buffer.compare(await readAll(node), model)).toBe(0);
            await graph.release(node);
          },
        ),
        { numRuns: subject.runs ?? RUNS },
      );
    });

    ifKeepsData('loses no write among neighbours in flight together', async () => {
      const node = await open();
      if (subject.scrambles) await node.io.writeZeroes(0, SIZE);
      const pieces = Array.from({ length: 64 }, (_, i) => ({
        offset: 100 + i * 777,
        data: new Uint8Array(777).fill(i + 1),
      }));
      await Promise.all(pieces.map(({ offset, data }) => node.io.write(offset, data)));
      const expected = new Uint8Array(SIZE);
      for (const { offset, data } of pieces) expected.set(data, offset);
      expect(Buffer.compare(await readAll(node), expected)).toBe(0);
    });

    ifKeepsData('an error at any step fails the request at hand and spoils no other', async ({ skip }) => {
      const { file } = definition;
      skip(!isJsonObject(file ?? null), 'there is no file below in which to put the error');
      const piece = 6000;
      const offsets = [100, 70_000, 20_000, 100, 140_000];
      const healthy = await open();
      await healthy.io.writeZeroes(0, SIZE);
      await graph.release(healthy);
      for (let step = 1; step <= MAX_STEPS; step++) {
        const node = await open({ file: failingAt(file as JsonObject, step) }).catch(asRefusal);
        if (!node) continue;
        const model = new Map<number, number>();
        let failures = 0;
        for (const [index, offset] of offsets.entries()) {
          const fill = step + index;
          try {
            await node.io.write(offset, new Uint8Array(piece).fill(fill));
            await node.io.flush();
            model.set(offset, fill);
          } catch (error) {
            expect(error).toMatchObject({ name: 'IoError', code: 'EIO' });
            model.delete(offset);
            failures += 1;
          }
        }
        await graph.release(node);
        const reopened = await open();
        for (const [offset, fill] of model) {
          const buffer = new Uint8Array(piece);
          await reopened.io.read(offset, buffer);
          expect(buffer.every((byte) => byte === fill)).toBe(true);
        }
        await graph.release(reopened);
        if (failures > 0) continue;
        expect(step).toBeGreaterThan(1);
        return;
      }
    });

    test('reads zeroes beyond its end', async () => {
      const node = await open();
      const buffer = new Uint8Array(1024).fill(7);
      await node.io.read(SIZE + 512, buffer);
      expect(buffer).toEqual(new Uint8Array(1024));
    });

    test('a write beyond its end is refused or makes it longer', async () => {
      const node = await open();
      const write = node.io.write(SIZE - 512, new Uint8Array(1024).fill(1));
      if (subject.grows) {
        await write;
        const unit = node.io.limits.requestAlignment;
        expect(node.io.length()).toBe(Math.ceil((SIZE + 512) / unit) * unit);
      } else {
        const code = subject.onlyReads ? 'EPERM' : 'EIO';
        await expect(write).rejects.toMatchObject({ name: 'IoError', code });
        expect(node.io.length()).toBe(SIZE);
      }
    });

    test('a read-only node refuses every change', async () => {
      const node = await open({ 'read-only': true });
      const refused = { name: 'IoError', code: 'EPERM' };
      await expect(node.io.write(0, new Uint8Array(512).fill(1))).rejects.toMatchObject(refused);
      await expect(node.io.writeZeroes(0, 512)).rejects.toMatchObject(refused);
      await expect(node.io.discard(0, 512)).rejects.toMatchObject(refused);
      await expect(node.truncate(SIZE * 2)).rejects.toBeInstanceOf(CommandError);
      expect(node.io.highestWrite).toBe(0);
    });

    test('block status covers the whole disk, piece by piece', async () => {
      const node = await open();
      let at = 0;
      while (at < SIZE) {
        const { length } = await node.io.blockStatus(at, SIZE - at);
        expect(length).toBeGreaterThan(0);
        at += length;
      }
      expect(at).toBe(SIZE);
    });

    ifResizes('keeps its contents when it is resized, and grows by zeroes unless it scrambles', async () => {
      const node = await open();
      await node.io.write(0, new Uint8Array(SIZE).fill(9));
      await node.truncate(SIZE / 2);
      expect(node.io.length()).toBe(SIZE / 2);
      await node.truncate(SIZE);
      const bytes = await readAll(node);
      expect(bytes.subarray(0, SIZE / 2).every((byte) => byte === 9)).toBe(true);
      if (!subject.scrambles) expect(bytes.subarray(SIZE / 2).every((byte) => byte === 0)).toBe(true);
    });

    ifFixed('refuses to be resized', async () => {
      const node = await open();
      await expect(node.truncate(SIZE * 2)).rejects.toBeInstanceOf(CommandError);
      expect(node.io.length()).toBe(SIZE);
    });
  });
}

/** The file under a blkdebug whose write number `step`, and no other, fails. */
function failingAt(file: JsonObject, step: number): JsonObject {
  const event = 'pwritev';
  const counting = Array.from({ length: step }, (_, i) => ({ event, state: i + 1, new_state: i + 2 }));
  const inject = { event, state: step, errno: 5, once: true };
  return { driver: 'blkdebug', image: file, 'inject-error': [inject], 'set-state': counting };
}

/** An image that cannot be opened for the error is one that refuses. */
function asRefusal(error: unknown): undefined {
  expect(error).toBeInstanceOf(CommandError);
}

function leaveOut(_name: string, _law: (context: TestContext) => Promise<void>): void {}

async function apply(
  node: Node,
  model: Uint8Array,
  action: Exclude<Operation, { kind: 'reopen' }>,
  fill: number,
): Promise<void> {
  if (action.kind === 'flush') return node.io.flush();
  const { offset, length } = action as Extract<Operation, { offset: number }>;
  const part = model.subarray(offset, offset + length);
  switch (action.kind) {
    case 'read': {
      const buffer = new Uint8Array(length).fill(0xee);
      await node.io.read(offset, buffer);
      expect(Buffer.compare(buffer, part)).toBe(0);
      return;
    }
    case 'write':
      part.fill(fill);
      return node.io.write(offset, part.slice());
    case 'zero':
      part.fill(0);
      return node.io.writeZeroes(offset, length);
    case 'discard':
      // The contents are undefined from here on, but they stay what they have become.
      await node.io.discard(offset, length);
      return node.io.read(offset, part);
  }
}

async function readAll(node: Node): Promise<Uint8Array> {
  const bytes = new Uint8Array(node.io.length());
  await node.io.read(0, bytes);
  return bytes;
}
