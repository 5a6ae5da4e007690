/** An endpoint's state at one moment as its queries show it, and which queries those are. */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { jobsQuery } from './job-state.ts';

/** Runs one query; rejects if it is not answered with a return. */
export type Query = (command: string, args?: JsonObject) => Promise<Json>;

/** Return values of the queries; an empty list of what the endpoint does not offer. */
export interface Snapshot {
  readonly nodes: Json;
  readonly devices: Json;
  readonly jobs: Json;
}

const NODES = 'query-named-block-nodes';

/** A command that asks for state, with its arguments. */
export interface StateQuery {
  readonly command: string;
  readonly arguments?: JsonObject;
}

/** Asks for the state in one go. */
export async function takeSnapshot(query: Query, endpointSchema: Schema): Promise<Snapshot> {
  const ask = (command: string | null, args?: JsonObject): Promise<Json> | Json =>
    command !== null && endpointSchema.commands.has(command) ? query(command, args) : [];
  // Jobs first: where there is none then, none changes the graph by itself while it is told.
  const [jobs, nodes, devices] = await Promise.all([
    ask(jobsQuery(endpointSchema)),
    ask(NODES, isFlat(endpointSchema) ? { flat: true } : undefined),
    ask('query-block'),
  ]);
  return { nodes, devices, jobs };
}

/** Whether backing images can be left out of each node's description: they are nodes themselves. */
function isFlat({ commands }: Schema): boolean {
  return commands.get(NODES)?.arguments.members.some(({ name }) => name === 'flat') === true;
}

/** What two endpoints are compared by: all that tells of state, with the arguments that every release takes. */
const COMPARED: readonly StateQuery[] = [
  { command: NODES },
  { command: 'query-block' },
  { command: 'query-block-jobs' },
  { command: 'query-jobs' },
  { command: 'query-blockstats', arguments: { 'query-nodes': true } },
];

/** Gives the compared queries that all of the endpoints offer. */
export function comparedQueries(endpointSchemas: readonly Schema[]): StateQuery[] {
  return COMPARED.filter(({ command }) => endpointSchemas.every(({ commands }) => commands.has(command)));
}
