/** Endpoints that lie about everything: a case that one of them passes tells nothing of an endpoint that does its work. */
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseDefinition } from '../cases/case.ts';
import { run } from '../runner/run.ts';
import type { Target } from '../targets/target.ts';
import { type FakeOptions, fakeTarget } from './fake-endpoint.ts';

const spec = loadBlockSchema();
const schema = introspect(spec) as unknown as Json;
const isQuery = (command: string): boolean => command.startsWith('query-');

function liar(answer: FakeOptions['answer']): Target {
  const capabilities = { drives: true, humanMonitor: true };
  return fakeTarget({ answer, schema, virtualTime: true, capabilities });
}

/** Says yes to everything, does nothing, and has nothing to list. */
export const YES = liar((command) => ({ return: isQuery(command) ? [] : {} }));

/** Refuses everything but queries, and has nothing to list. */
export const NO = liar((command) =>
  isQuery(command) ? { return: [] } : { error: { class: 'GenericError', desc: 'no' } },
);

/** Says yes, lists what it was given, ends every job at once, and does nothing. */
export function idle(): Target {
  const nodes = new Map<Json, JsonObject>();
  return liar((command, args, port) => {
    if (command === 'query-named-block-nodes') return { return: [...nodes.values()] };
    if (isQuery(command)) return { return: [] };
    const node = args['node-name'];
    if (command === 'blockdev-add' && node !== undefined)
      nodes.set(node, { 'node-name': node, drv: args.driver!, ro: false });
    if (command === 'blockdev-del' && node !== undefined) nodes.delete(node);
    const device = args['job-id'];
    if (device !== undefined) {
      const type = /stream|commit|mirror|backup/.exec(command)?.[0] ?? 'backup';
      const data = { device, type, len: 0, offset: 0, speed: 0 };
      port.emit('BLOCK_JOB_READY', data);
      port.emit('BLOCK_JOB_COMPLETED', data);
    }
    return { return: {} };
  });
}

/** What a target is believed. */
export interface Belief {
  /** Ids of the cases that pass. */
  readonly believed: readonly string[];
  readonly ran: number;
  /** Ids of the cases that the harness itself failed in. */
  readonly errors: readonly string[];
}

/** Runs the cases on a target that lies. `caseTimeout`: milliseconds. */
export async function beliefIn(
  target: Target,
  cases: readonly CaseDefinition[],
  caseTimeout: number,
): Promise<Belief> {
  const record = await run({ target, spec, cases: () => cases, limits: { eventTimeout: 20, caseTimeout } });
  const idsOf = (...outcomes: string[]): string[] =>
    record.cases.flatMap(({ id, outcome }) => (outcomes.includes(outcome) ? [id] : []));
  return { believed: idsOf('pass', 'info', 'warn'), ran: record.cases.length, errors: idsOf('error') };
}
