/** What an endpoint holds: asked over QMP, and read from /proc where there is a process to look at. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { Holdings, StateSnapshot } from '../checks/check.ts';

const PAGE = 4096;

/** Runs one query; rejects if it is not answered with a return. */
export type Query = (command: string, args?: JsonObject) => Promise<Json>;

/** Asks for the state in one go. What the endpoint does not offer is empty. */
export async function takeSnapshot(query: Query, endpointSchema: Schema): Promise<StateSnapshot> {
  const ask = (command: string, args?: JsonObject): Promise<Json> | Json =>
    endpointSchema.commands.has(command) ? query(command, args) : [];
  const flat = endpointSchema.commands
    .get('query-named-block-nodes')
    ?.arguments.members.some((member) => member.name === 'flat');
  // Jobs first: where there is none then, none changes the graph by itself while it is told.
  const [jobs, nodes, devices] = await Promise.all([
    ask(endpointSchema.commands.has('query-jobs') ? 'query-jobs' : 'query-block-jobs'),
    ask('query-named-block-nodes', flat ? { flat: true } : undefined),
    ask('query-block'),
  ]);
  return { nodes, devices, jobs };
}

/** What the snapshot names, and what the process with this id has open below `scratch`. */
export async function holdings(state: StateSnapshot, scratch: string, pid?: number): Promise<Holdings> {
  const nodes = objects(state.nodes);
  return {
    nodes: nodes.map((node) => String(node['node-name'])),
    jobs: objects(state.jobs).map((job) => String(job.id ?? job.device)),
    bitmaps: nodes.flatMap((node) =>
      objects(node['dirty-bitmaps']).map((bitmap) => `${node['node-name']}/${bitmap.name}`),
    ),
    openFiles: await openFiles(pid ?? process.pid, scratch),
    files: await readdir(scratch),
    residentBytes: pid === undefined ? null : await residentBytes(pid),
  };
}

function objects(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Empty on systems without /proc, and for a process that is not ours to look at. */
export async function openFiles(pid: number, scratch: string): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const entries = await readdir(folder).catch(() => []);
  const links = await Promise.all(entries.map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  return links.filter((link) => link.startsWith(`${scratch}/`)).map((link) => link.slice(scratch.length + 1));
}

/** Null on systems without /proc, and where the process has gone. */
export async function residentBytes(pid: number): Promise<number | null> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => null);
  return statm === null ? null : Number(statm.split(' ')[1]) * PAGE;
}
