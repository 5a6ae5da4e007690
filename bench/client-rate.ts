/**
 * Round trips through the runner, client and all checks, against a bare socket loop on the same endpoint. The runner's
 * conversation, the checks' own queries included, is recorded as it goes over the wire; the bare loop then sends the
 * very same pieces over a second monitor.
 */
import type { CaseContext, CaseDefinition } from '../harness/cases/case.ts';
import { run } from '../harness/runner/run.ts';
import { addressTarget } from '../harness/targets/attached-target.ts';
import type { Target } from '../harness/targets/target.ts';
import type { Transport } from '../harness/transports/transport.ts';
import { loadBlockSchema } from '../spec/block-core.ts';
import { BareLoop } from './bare-loop.ts';
import { BenchEndpoint, missingProgram, STORAGE_DAEMON } from './endpoints.ts';
import { type Benchmark, compared, inTurns } from './measure.ts';

/** A suite has thousands: what a run costs once counts for as little here. */
const STEPS = 1800;
const ROUNDS = 5;

const claim = {
  id: 'client-with-checks',
  title: 'runner, client and all checks against a bare socket loop on qemu-storage-daemon',
  claim: 0.7,
};

export const clientRate: Benchmark = {
  unavailable: () => Promise.resolve(missingProgram(STORAGE_DAEMON)),
  async measure({ rounds, amount }) {
    const steps = amount(STEPS);
    const endpoint = await BenchEndpoint.storageDaemon(2);
    const loop = await BareLoop.open(endpoint.sockets[1]!);
    try {
      const pieces: Uint8Array[] = [];
      await runCase(recording(endpoint.sockets[0]!, pieces), steps);
      const silent = endpoint.sockets[0]!;
      return [
        compared(
          { ...claim, round: `the same wire conversation of ${steps} steps of a case` },
          await inTurns(
            rounds(ROUNDS),
            () => runCase(addressTarget(`unix:${silent}`), steps),
            () => loop.sendAll(pieces),
          ),
        ),
      ];
    } finally {
      loop.close();
      await endpoint.stop();
    }
  },
};

/** What conformance cases do most: change something, look at it, be refused, undo it. */
async function perform(t: CaseContext, steps: number): Promise<void> {
  for (let i = 0; i < steps; i += 6) {
    const node = t.name('node');
    await t.execute('blockdev-add', { driver: 'null-co', 'node-name': node, size: 1048576 });
    await t.execute('block-dirty-bitmap-add', { node, name: 'b' });
    await t.execute('query-named-block-nodes');
    await t.execute('query-block-jobs');
    await t.refused('blockdev-del', { 'node-name': 'no-such-node' });
    await t.execute('blockdev-del', { 'node-name': node });
  }
}

async function runCase(target: Target, steps: number): Promise<void> {
  const one: CaseDefinition = {
    id: 'bench/steps',
    title: 'steps',
    requirements: ['blockdev-add/creates-node'],
    run: (t) => perform(t, steps),
  };
  const record = await run({ target, spec: loadBlockSchema(), cases: () => [one] });
  const { outcome, reason } = record.cases[0]!;
  if (outcome !== 'pass') throw new Error(`the benchmark's case did not pass: ${outcome} ${reason ?? ''}`);
}

/** The same target, with every piece noted as it is sent: requests of the same moment go out in one. */
function recording(path: string, pieces: Uint8Array[]): Target {
  const target = addressTarget(`unix:${path}`);
  return {
    ...target,
    async start(request) {
      const endpoint = await target.start(request);
      const openMonitor = endpoint.openMonitor.bind(endpoint);
      endpoint.openMonitor = async (index) => noting(await openMonitor(index), pieces);
      return endpoint;
    },
  };
}

function noting(transport: Transport, pieces: Uint8Array[]): Transport {
  const write = transport.write.bind(transport);
  transport.write = (bytes) => {
    pieces.push(bytes.slice());
    return write(bytes);
  };
  return transport;
}
