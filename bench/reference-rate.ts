/** The reference against qemu-storage-daemon: the same commands over the same kind of socket, by the same bare loop. */
import { BareLoop, IN_FLIGHT, inFlight } from './bare-loop.ts';
import { BenchEndpoint, missingProgram, STORAGE_DAEMON } from './endpoints.ts';
import { type Benchmark, compared, inTurns, type Measurement, WARM_UP_ROUNDS } from './measure.ts';

const ROUNDS = 7;
const NODES = 20;

const command = (name: string, args?: object) =>
  `${JSON.stringify(args === undefined ? { execute: name } : { execute: name, arguments: args })}\n`;
const nullNode = (name: string) => command('blockdev-add', { driver: 'null-co', 'node-name': name });

const WORKLOADS = [
  { id: 'query-block-jobs', nodes: 0, lines: [command('query-block-jobs')], times: 2000 },
  { id: 'query-named-block-nodes', nodes: NODES, lines: [command('query-named-block-nodes')], times: 500 },
  {
    id: 'blockdev-add-del',
    nodes: 0,
    lines: [nullNode('pair'), command('blockdev-del', { 'node-name': 'pair' })],
    times: 500,
  },
] as const;

export const referenceRate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram(STORAGE_DAEMON)),
  async measure({ rounds, amount }) {
    const results: Measurement[] = [];
    for (const { id, nodes, lines, times } of WORKLOADS) {
      const conversation = Array.from({ length: amount(times) }, () => lines).flat();
      const pieces = inFlight(conversation).map((group) => group.join(''));
      const endpoints = [await BenchEndpoint.reference(), await BenchEndpoint.storageDaemon()] as const;
      const loops = await Promise.all(endpoints.map((endpoint) => BareLoop.open(endpoint.sockets[0]!)));
      const [ours, peer] = loops as [BareLoop, BareLoop];
      try {
        for (const loop of loops) {
          await loop.negotiate();
          for (let i = 0; i < nodes; i++) await loop.send(nullNode(`n${i}`));
        }
        const claim = {
          id: `reference-${id}`,
          title: `reference against qemu-storage-daemon: ${id}${nodes > 0 ? `, ${nodes} nodes` : ''}`,
          claim: 3,
          round: `${conversation.length} commands over a unix socket, ${IN_FLIGHT} in flight`,
        };
        results.push(
          compared(
            claim,
            await inTurns(
              rounds(ROUNDS),
              () => ours.sendAll(pieces),
              () => peer.sendAll(pieces),
              rounds(WARM_UP_ROUNDS),
            ),
          ),
        );
      } finally {
        for (const loop of loops) loop.close();
        for (const endpoint of endpoints) await endpoint.stop();
      }
    }
    return results;
  },
};
