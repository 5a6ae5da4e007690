/** The limits of a group as its nodes obey them, measured in the endpoint's time. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { type NodeIo, nodeBytes, openIo } from '../helpers/node-io.ts';
import { addNode, KiB, MiB, needs } from '../helpers/shared-setup.ts';
import { addGroup, addThrottled, checkTakes, checkUnlimited, throttleNodes } from '../helpers/throttling.ts';

const measured = needs(throttleNodes, nodeBytes);

const RATE = 640 * KiB;
const PIECE = 64 * KiB;

/** `count` requests of that kind, one after the other, from offset 0 on. */
async function requests(
  io: NodeIo,
  kind: 'read' | 'write' | 'discard' | 'write-zeroes',
  count: number,
  length = PIECE,
) {
  for (let index = 0; index < count; index += 1) {
    const range = { offset: index * length, length };
    await io.perform(kind === 'write' ? { kind, ...range, byte: 0x11 } : { kind, ...range });
  }
}

async function throttledIo(t: CaseContext, limits: JsonObject): Promise<NodeIo> {
  const node = await addThrottled(t, await addGroup(t, limits));
  return openIo(t, node);
}

const opposite = { read: 'write', write: 'read' } as const;

/** A limit on one direction holds requests of that one and no others. */
function oneDirection(kind: 'read' | 'write', unit: 'bps' | 'iops'): CaseDefinition {
  const bytes = unit === 'bps';
  return {
    id: `throttle/${unit}-${kind}`,
    title: `${unit}-${kind} holds ${kind}s to its limit, and nothing else`,
    requirements: [bytes ? 'ThrottleLimits/bytes' : 'ThrottleLimits/operations'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { [`${unit}-${kind}`]: bytes ? RATE : 20 });
      await checkUnlimited(t, `a ${opposite[kind]}`, () => requests(io, opposite[kind], 9));
      const pace = bytes ? { units: 5 * PIECE, last: PIECE, rate: RATE } : { units: 8, last: 1, rate: 20 };
      await checkTakes(t, `a row of ${kind}s`, pace, () => requests(io, kind, bytes ? 5 : 8));
      await io.close();
    },
  };
}

export const nodeLimits: readonly CaseDefinition[] = [
  {
    id: 'throttle/bps-total',
    title: 'bps-total limits the bytes of reads and writes together',
    requirements: ['ThrottleLimits/bytes'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { 'bps-total': RATE });
      await checkTakes(
        t,
        'a row of reads and writes',
        { units: 5 * PIECE, last: PIECE, rate: RATE },
        async () => {
          await requests(io, 'write', 3);
          await requests(io, 'read', 2);
        },
      );
      await io.close();
    },
  },
  {
    id: 'throttle/iops-total',
    title: 'iops-total limits the number of reads and writes together, however short they are',
    requirements: ['ThrottleLimits/operations'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { 'iops-total': 20 });
      await checkTakes(t, 'a row of reads and writes', { units: 8, last: 1, rate: 20 }, async () => {
        await requests(io, 'write', 4, 512);
        await requests(io, 'read', 4, 512);
      });
      await io.close();
    },
  },
  oneDirection('read', 'bps'),
  oneDirection('write', 'bps'),
  oneDirection('read', 'iops'),
  oneDirection('write', 'iops'),
  {
    id: 'throttle/zeroes-are-writes',
    title: 'Zeroes that are written count as writes do',
    requirements: ['ThrottleLimits/bytes'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { 'bps-write': RATE });
      await checkTakes(t, 'a row of written zeroes', { units: 5 * PIECE, last: PIECE, rate: RATE }, () =>
        requests(io, 'write-zeroes', 5),
      );
      await io.close();
    },
  },
  {
    id: 'throttle/discards-are-writes',
    title: 'Discards that a node hands on count as writes do',
    requirements: ['ThrottleLimits/bytes'],
    needs: measured,
    async run(t: CaseContext) {
      const node = t.name('throttle');
      await t.execute('blockdev-add', {
        driver: 'throttle',
        'node-name': node,
        'throttle-group': await addGroup(t, { 'bps-write': RATE }),
        file: await addNode(t, { discard: 'unmap' }),
        discard: 'unmap',
      });
      const io = await openIo(t, node);
      await checkTakes(t, 'a row of discards', { units: 5 * PIECE, last: PIECE, rate: RATE }, () =>
        requests(io, 'discard', 5),
      );
      await io.close();
    },
  },
  {
    id: 'throttle/iops-size',
    title: 'A request of four times iops-size counts as four, a short one as one',
    requirements: ['ThrottleLimits/iops-size'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { 'iops-write': 40, 'iops-read': 40, 'iops-size': 4 * KiB });
      await checkTakes(t, 'a row of long writes', { units: 20, last: 4, rate: 40 }, () =>
        requests(io, 'write', 5, 16 * KiB),
      );
      await checkTakes(t, 'a row of short reads', { units: 10, last: 1, rate: 40 }, () =>
        requests(io, 'read', 10, 512),
      );
      await io.close();
    },
  },
  {
    id: 'throttle/group-shared',
    title: 'Nodes of one group share its limit; a node of another group is not held',
    requirements: ['BlockdevOptionsThrottle/shares-group'],
    needs: measured,
    async run(t: CaseContext) {
      const group = await addGroup(t, { 'bps-total': RATE });
      const first = await openIo(t, await addThrottled(t, group));
      const second = await openIo(t, await addThrottled(t, group));
      const other = await throttledIo(t, { 'bps-total': 100 * MiB });
      const alone = await openIo(t, await addNode(t));
      await checkTakes(
        t,
        'a row of writes to both nodes',
        { units: 6 * PIECE, last: PIECE, rate: RATE },
        async () => {
          await requests(first, 'write', 3);
          await requests(second, 'write', 3);
        },
      );
      for (const free of [other, alone])
        await checkUnlimited(t, 'a write to a node outside of the group', () => requests(free, 'write', 6));
      for (const io of [first, second, other, alone]) await io.close();
    },
  },
  {
    id: 'throttle/round-robin',
    title: 'Of two nodes of one group neither waits for all requests of the other',
    requirements: ['BlockdevOptionsThrottle/shares-group'],
    needs: measured,
    async run(t: CaseContext) {
      const group = await addGroup(t, { 'iops-total': 20 });
      const first = await openIo(t, await addThrottled(t, group));
      const second = await openIo(t, await addThrottled(t, group));
      const order: string[] = [];
      const row = async (io: NodeIo, name: string) => {
        for (let index = 0; index < 4; index += 1) {
          const { outcome } = await io.begin({ kind: 'write', offset: 0, length: 512, byte: 1 });
          await outcome;
          order.push(name);
        }
      };
      await t.timed(() => Promise.all([row(first, 'a'), row(second, 'b')]));
      const ahead = Math.min(order.lastIndexOf('a'), order.lastIndexOf('b'));
      t.check(
        ahead >= 5,
        'requests of two members of a group must take turns',
        `they were done in the order ${order.join('')}`,
      );
      await first.close();
      await second.close();
    },
  },
  {
    id: 'throttle/more-than-a-second',
    title: 'After a request of more than a second lets pass the next one waits as long as that takes',
    requirements: ['ThrottleLimits/bytes'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { 'bps-write': 512 * KiB });
      const [large, small] = [768 * KiB, 64 * KiB];
      await checkTakes(
        t,
        'a write behind a large one',
        { units: large + small, last: small, rate: 512 * KiB },
        async () => {
          await requests(io, 'write', 1, large);
          await requests(io, 'write', 1, small);
        },
      );
      await io.close();
    },
  },
  {
    id: 'throttle/burst',
    title: 'A burst passes at once up to its limit; what comes behind is held to the limit without burst',
    requirements: ['ThrottleLimits/burst'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, { 'bps-total': 128 * KiB, 'bps-total-max': MiB });
      const burst = await t.timed(() => requests(io, 'write', 16));
      if (t.virtualTime) t.check(burst < 50, 'a burst must not wait', `it took ${Math.floor(burst)} ms`);
      const after = await t.timed(() => requests(io, 'write', 2, 32 * KiB));
      const most = t.virtualTime ? 350 : Infinity;
      t.check(
        burst + after >= 240 && after <= most,
        'what comes after a burst must take as long as the limit without burst says, 250 ms',
        `it took ${Math.floor(after)} ms`,
      );
      await io.close();
    },
  },
  {
    id: 'throttle/burst-length',
    title:
      'A burst of several seconds goes as fast as its limit, which is faster than without burst and no faster',
    requirements: ['ThrottleLimits/burst'],
    needs: measured,
    async run(t: CaseContext) {
      const io = await throttledIo(t, {
        'bps-total': 64 * KiB,
        'bps-total-max': RATE,
        'bps-total-max-length': 2,
      });
      await checkTakes(t, 'a row of writes in a burst', { units: 5 * PIECE, last: PIECE, rate: RATE }, () =>
        requests(io, 'write', 5),
      );
      await io.close();
    },
  },
  {
    id: 'throttle/limits-after-a-drain',
    title:
      'The limits of a node hold as before once the requests in flight were waited for, as transactions do',
    requirements: ['ThrottleLimits/bytes'],
    needs: needs(measured, { commands: ['transaction', 'block-dirty-bitmap-add'] }),
    async run(t: CaseContext) {
      const node = await addThrottled(t, await addGroup(t, { 'bps-write': RATE }));
      const io = await openIo(t, node);
      const pace = { units: 5 * PIECE, last: PIECE, rate: RATE };
      await checkTakes(t, 'a row of writes', pace, () => requests(io, 'write', 5));
      const bitmap = { type: 'block-dirty-bitmap-add', data: { node, name: t.name('bitmap') } };
      await t.execute('transaction', { actions: [bitmap] });
      await checkTakes(t, 'a row of writes after a drain', pace, () => requests(io, 'write', 5));
      await io.close();
    },
  },
];
