/** The thread behind `run-thread-worker.ts`: starts endpoints of its own and runs the cases that it takes. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { derivedCases } from '../cases/derived/index.ts';
import { cases } from '../cases/index.ts';
import { EndpointPool } from '../runner/endpoint-pool.ts';
import { intersect } from '../runner/intersect.ts';
import { meetOn } from '../runner/meet-endpoint.ts';
import { executeTaken } from '../runner/run-cases.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { faultText } from './call-faults.ts';
import type { RunThreadData, RunThreadMessage } from './run-thread-worker.ts';
import { targetOption } from './target-option.ts';

async function runTaken(
  data: RunThreadData,
  tell: (message: RunThreadMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const { seed, retries, limits, excludedChecks } = data;
  const { target: named } = await targetOption(data.target, data);
  const area = await ScratchArea.for(named);
  tell({ scratch: area.path });
  const pool = new EndpointPool({ target: named, area, limits, signal, most: 1 });
  try {
    const { target, identity, endpointSchema, undecided } = await meetOn(pool, named);
    const schema = intersect(loadBlockSchema(), endpointSchema);
    const { quirks } = identity;
    const begun = new Int32Array(data.begun);
    await executeTaken(
      {
        target,
        schema,
        endpointSchema,
        undecided,
        quirks,
        seed,
        limits,
        signal,
        excludedChecks,
        cases: casesOf(data.cases, [...cases, ...derivedCases(schema)]),
        retries,
        pool,
        done: (record) => tell({ record }),
      },
      () => Atomics.add(begun, 0, 1),
    );
  } finally {
    await pool.stop();
    await area.close();
  }
}

/** In the order of the ids. */
function casesOf(ids: readonly string[], all: readonly CaseDefinition[]): CaseDefinition[] {
  const byId = new Map(all.map((definition) => [definition.id, definition]));
  return ids.map((id) => {
    const definition = byId.get(id);
    if (definition === undefined) throw new Error(`no case '${id}' in a thread of the run`);
    return definition;
  });
}

function serve(port: MessagePort, data: RunThreadData): void {
  const stop = new AbortController();
  port.on('message', () => stop.abort());
  const tell = (message: RunThreadMessage): void => port.postMessage(message);
  runTaken(data, tell, stop.signal).then(
    () => tell({ over: true }),
    (error: unknown) => tell(stop.signal.aborted ? { over: true } : { error: faultText(error) }),
  );
}

// null where it is imported outside of a thread
if (parentPort !== null) serve(parentPort, workerData as RunThreadData);
