/** Runs one check over exchanges that a test makes up, in a world that answers as the test says. */
import type { Deviation } from '../../reports/record.ts';
import { readIntrospection } from '../../spec/introspection.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Exchange, ImageFault } from '../checks/check.ts';
import { checks } from '../checks/index.ts';
import { CheckRunner } from '../runner/check-runner.ts';
import type { HeldResources } from '../state/held-resources.ts';
import type { Snapshot } from '../state/snapshot.ts';

const endpointSchema = readIntrospection([
  { name: 'query-version', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '1' },
  ...['query-named-block-nodes', 'query-block', 'query-jobs'].map((name) => ({
    name,
    'meta-type': 'command',
    'arg-type': '0',
    'ret-type': '0',
  })),
  { name: 'blockdev-add', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
  { name: 'device_add', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
  { name: 'STOP', 'meta-type': 'event', 'arg-type': '1' },
  { name: 'RESUME', 'meta-type': 'event', 'arg-type': '0' },
  { name: '0', 'meta-type': 'object', members: [] },
  {
    name: '1',
    'meta-type': 'object',
    members: [
      { name: 'count', type: 'int' },
      { name: 'kind', type: '2', default: null },
    ],
  },
  { name: '2', 'meta-type': 'enum', values: ['slow'] },
  { name: 'int', 'meta-type': 'builtin', 'json-type': 'int' },
]);

export const EMPTY: Snapshot = { nodes: [], devices: [], jobs: [] };
export const ONE_NODE: Snapshot = { ...EMPTY, nodes: [{ 'node-name': 'a', ro: false }] };
export const NOTHING: HeldResources = {
  nodes: [],
  jobs: [],
  bitmaps: [],
  openFiles: [],
  standardStreams: [],
  files: [],
  residentBytes: 1,
};
export const STAMP = { seconds: 1, microseconds: 2 };
export const REFUSED = { error: { class: 'GenericError', desc: 'no' } };

export interface World {
  /** States as they are asked for, one after another; the last stays. */
  readonly states?: readonly Snapshot[];
  readonly lastWords?: readonly string[];
  readonly before?: HeldResources;
  readonly after?: HeldResources;
  readonly query?: () => Promise<Json>;
  /** What is wrong with the image of that name, whenever it is asked. */
  readonly images?: (path: string) => readonly ImageFault[] | null;
}

export interface Spoken {
  /** Bytes, of which nothing else is known. */
  readonly raw?: string;
  readonly command?: string;
  readonly arguments?: JsonObject;
  readonly request?: JsonObject;
  readonly reply?: JsonObject;
  /** The replies to raw bytes. */
  readonly replies?: readonly JsonObject[];
  readonly incomplete?: boolean;
  readonly events?: readonly JsonObject[];
  /** Default: the first. */
  readonly monitor?: number;
}

/** Runs a check over exchanges and the end of a case, as the runner does; gives what it reported. */
export async function watch(...args: Parameters<typeof runOf>): Promise<readonly Deviation[]> {
  return (await runOf(...args)).deviations;
}

export async function runOf(
  id: keyof typeof checks,
  spoken: readonly Spoken[],
  world: World = {},
): Promise<CheckRunner> {
  const states = [...(world.states ?? [EMPTY])];
  let state = states[0]!;
  let printed: readonly string[] = [];
  const answers: Readonly<Record<string, () => Json>> = {
    'query-jobs': () => {
      state = states.length > 1 ? states.shift()! : states[0]!;
      return state.jobs;
    },
    'query-named-block-nodes': () => state.nodes,
    'query-block': () => state.devices,
  };
  const port = {
    endpointSchema,
    execute: async (command: string) => answers[command]?.() ?? world.query?.() ?? {},
    usable: () => true,
    lastWords: () => printed,
    exportsAt: async () => null,
    hasFile: async () => null,
    imageFaults: async (path: string) => world.images?.(path) ?? null,
  };
  const runner = new CheckRunner(port, null, [checks[id]()]);
  for (const [index, { command, arguments: args, request, reply, replies, ...rest }] of spoken.entries()) {
    const sent: Exchange = {
      index,
      monitor: rest.monitor ?? 0,
      replies: [],
      events: [],
      ...(rest.raw === undefined
        ? { request: request ?? { execute: command ?? 'query-version', ...(args && { arguments: args }) } }
        : { raw: rest.raw }),
      ...(command !== undefined && { command }),
      ...(args && { arguments: args }),
    };
    await runner.before(sent);
    printed = world.lastWords ?? [];
    await runner.after({ ...sent, ...rest, replies: replies ?? (reply === undefined ? [] : [reply]) });
  }
  await runner.finish();
  await runner.end(world.after && { before: world.before ?? NOTHING, after: world.after });
  return runner;
}

export const messages = async (...args: Parameters<typeof watch>): Promise<string[]> =>
  (await watch(...args)).map(({ message }) => message!);
