/** Requests that have nothing to do with each other: neither waits for the other. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { KiB, needs, nodeCommands } from '../helpers/shared-setup.ts';
import type { IoRequest } from '../io-request.ts';

const LATENCY_MS = 8;
const read = (offset: number): IoRequest => ({ kind: 'read', offset, length: 4 * KiB });
const write = (offset: number): IoRequest => ({ kind: 'write', offset, length: 4 * KiB, byte: 1 });

/** The second is sent while the first is in flight. */
const PAIRS: Readonly<Record<string, readonly [IoRequest, IoRequest]>> = {
  'a write behind another': [write(0), write(4 * KiB)],
  'a write before another': [write(4 * KiB), write(0)],
  'a read behind a write': [write(0), read(4 * KiB)],
  'a write before a read': [read(4 * KiB), write(0)],
  'a read of the same bytes as another': [read(0), read(0)],
};

export const requestsSideBySide: readonly CaseDefinition[] = [
  {
    id: 'null-co/requests-side-by-side',
    title: 'Requests side by side, and reads of the same bytes, take their latency at the same time',
    requirements: ['null/latency'],
    needs: needs(nodeCommands, nodeBytes, {
      drivers: ['null-co'],
      members: ['BlockdevOptionsNull.latency-ns'],
    }),
    async run(t: CaseContext) {
      if (!t.virtualTime) t.skip('needs a clock that only shows the time of the endpoint');
      const node = t.name('null');
      const latency = LATENCY_MS * 1_000_000;
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': node, 'latency-ns': latency });
      const ios = [await openIo(t, node), await openIo(t, node)];
      for (const [what, pair] of Object.entries(PAIRS)) {
        const took = await t.timed(() => Promise.all(pair.map((request, at) => ios[at]!.perform(request))));
        const most = LATENCY_MS * 1.5;
        t.check(took < most, `${what} must not wait for it`, `both took ${Math.round(took)} ms`);
      }
      for (const io of ios) await io.close();
    },
  },
];
