/** What many cases share: topologies, needs, nodes and files to start from, and how to read what queries return. */
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import type { ObjectType } from '../../../spec/model.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, MonitorHandle, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { driverFor } from '../node-kinds.ts';

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** A second monitor beside the one that the case talks to. */
export const twoMonitors: Topology = { name: 'two-monitors', images: [], options: [], monitors: 2 };

/** The commands by which nodes are added, deleted and looked at. */
export const NODE_COMMANDS = ['blockdev-add', 'blockdev-del', 'query-named-block-nodes'];

/** What a case uses that adds and deletes nodes and looks at them. */
export const nodeCommands: Needs = { commands: NODE_COMMANDS };

/** What a case with nodes that hold data uses, whatever their driver. */
export const dataNodes: Needs = { commands: NODE_COMMANDS, nodes: ['data'] };

/** What a case with nodes over files of its own uses. */
export const fileNodes: Needs = {
  commands: NODE_COMMANDS,
  drivers: ['file', 'raw'],
  capabilities: ['sharedFiles'],
};

/** All that these need together; only `oneOf`, of which a case has one, is that of the last. */
export function needs(...parts: readonly Needs[]): Needs {
  return {
    ...Object.assign({}, ...parts),
    commands: parts.flatMap(({ commands = [] }) => commands),
    nodes: parts.flatMap(({ nodes = [] }) => nodes),
    drivers: parts.flatMap(({ drivers = [] }) => drivers),
    events: parts.flatMap(({ events = [] }) => events),
    members: parts.flatMap(({ members = [] }) => members),
    objects: parts.flatMap(({ objects = [] }) => objects),
    capabilities: parts.flatMap(({ capabilities = [] }) => capabilities),
  };
}

/** Options of blockdev-add, but for the name. */
export interface DataSource extends JsonObject {
  readonly driver: string;
}

/** The list of objects that a query returned. */
export async function queryList(t: CaseContext, command: string, args?: JsonObject): Promise<JsonObject[]> {
  const list = await t.execute(command, args);
  t.check(
    Array.isArray(list) && list.every(isJsonObject),
    `${command} must return a list of objects`,
    `it returned ${shown(list)}`,
  );
  return list;
}

/** What an object tells by the common members of its type in `t.schema`: an endpoint may know more than the spec. */
export function specifiedMembers(type: ObjectType, told: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(told).filter(([name]) => type.members.some((member) => member.name === name)),
  );
}

/** What query-named-block-nodes says of one node; undefined if there is none of that name. */
export async function findNode(t: CaseContext, name: string): Promise<JsonObject | undefined> {
  return (await queryList(t, 'query-named-block-nodes')).find((node) => node['node-name'] === name);
}

/** The same of a node that must be there. */
export async function nodeInfo(t: CaseContext, name: string): Promise<JsonObject> {
  const node = await findNode(t, name);
  t.check(node !== undefined, `query-named-block-nodes must list ${name}`, 'it does not');
  return node;
}

/** Ends the case with a deviation if there is a node of that name. */
export async function checkAbsent(t: CaseContext, name: string): Promise<void> {
  t.check(
    (await findNode(t, name)) === undefined,
    `query-named-block-nodes must not list ${name}`,
    'it does',
  );
}

/** `image.virtual-size` of a node, in bytes. */
export async function virtualSize(t: CaseContext, name: string): Promise<Json> {
  const { image } = await nodeInfo(t, name);
  t.check(
    isJsonObject(image),
    `query-named-block-nodes must describe the image of ${name}`,
    `image is ${shown(image)}`,
  );
  return image['virtual-size'] ?? null;
}

/** The internal snapshots that queries tell of the image of a node. */
export async function snapshotsOf(t: CaseContext, name: string): Promise<JsonObject[]> {
  const { image = null } = await nodeInfo(t, name);
  const list = isJsonObject(image) ? (image.snapshots ?? []) : null;
  t.check(
    Array.isArray(list) && list.every(isJsonObject),
    'snapshots must be a list of objects',
    `it is ${shown(list)}`,
  );
  return list;
}

/** Names of all nodes, those that the endpoint generated included. */
export async function nodeNames(t: CaseContext): Promise<string[]> {
  return (await queryList(t, 'query-named-block-nodes')).map((node) => String(node['node-name']));
}

/** The names in what query-named-block-nodes returned, whatever that is. */
export function namesListed(nodes: Json): string[] {
  return Array.isArray(nodes) ? nodes.filter(isJsonObject).map((node) => String(node['node-name'])) : [];
}

/** Options of blockdev-add, but for the name, of a node that holds `size` bytes; with a file of its own where it takes one. */
export async function dataSource(t: CaseContext, size: number = MiB): Promise<DataSource> {
  const driver = driverFor('data', t.schema);
  if (driver === undefined) t.skip('needs a driver that holds data');
  return driver === 'file' ? { driver, filename: (await makeFile(t, size)).path } : { driver, size };
}

/** Adds a node that holds data, 1 MiB unless `size` says otherwise, under a fresh name, and gives that name. */
export async function addNode(
  t: CaseContext,
  { size, ...options }: JsonObject & { size?: number } = {},
): Promise<string> {
  const name = t.name('data');
  await t.execute('blockdev-add', { ...(await dataSource(t, size)), 'node-name': name, ...options });
  return name;
}

/** Whether blockdev-add takes these options; a node that it makes of them is gone again. */
export async function isTaken(
  t: CaseContext,
  options: JsonObject & { readonly 'node-name': string },
): Promise<boolean> {
  const { error } = await t.request({ execute: 'blockdev-add', arguments: options });
  if (error === undefined) await t.execute('blockdev-del', { 'node-name': options['node-name'] });
  return error === undefined;
}

/** A file of the case's own, by both names of the scratch folder. */
export interface CaseFile {
  /** As the endpoint sees it. */
  readonly path: string;
  /** As we see it. */
  readonly local: string;
}

/** A file in the scratch directory: `content`, or that many bytes of zeroes. */
export function makeFile(t: CaseContext, content: number | Uint8Array): Promise<CaseFile> {
  return makeFileIn({ path: t.dir, local: t.scratch }, `${t.name('file')}.img`, content);
}

/** The same under a name of the case's choice in a folder of its own. */
export async function makeFileIn(
  folder: CaseFile,
  name: string,
  content: number | string | Uint8Array,
): Promise<CaseFile> {
  const local = join(folder.local, name);
  await writeFile(local, typeof content === 'number' ? '' : content);
  if (typeof content === 'number') await truncate(local, content);
  return { path: `${folder.path}/${name}`, local };
}

/** A name in the scratch directory where nothing is yet. */
export function newFile(t: CaseContext): CaseFile {
  const name = `${t.name('new')}.img`;
  return { path: `${t.dir}/${name}`, local: join(t.scratch, name) };
}

/** Makes an empty directory in the scratch folder. */
export async function makeDirectory(t: CaseContext): Promise<CaseFile> {
  const name = t.name('directory');
  await mkdir(join(t.scratch, name));
  return { path: `${t.dir}/${name}`, local: join(t.scratch, name) };
}

/** Adds a raw node over a new file: `content`, or that many bytes of zeroes. */
export async function addRaw(
  t: CaseContext,
  content: number | Uint8Array,
  options: JsonObject = {},
): Promise<{ name: string; file: CaseFile }> {
  const file = await makeFile(t, content);
  return { name: await addRawOver(t, file, options), file };
}

/** Adds a raw node over a file that is there. Returns its name. */
export async function addRawOver(t: CaseContext, file: CaseFile, options: JsonObject = {}): Promise<string> {
  const name = t.name('raw');
  const below = { driver: 'file', filename: file.path };
  await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, file: below, ...options });
  return name;
}

/** The error of a command that must be refused with one of `classes`. */
export async function refusedWith(
  t: MonitorHandle & Pick<CaseContext, 'check'>,
  command: string,
  args: JsonObject,
  classes: readonly string[],
): Promise<JsonObject> {
  const { error } = await t.request({ execute: command, arguments: args });
  t.check(error !== undefined, `${command} must be refused`, 'it was accepted');
  checkClass(t, error, classes);
  return error;
}

/** States that the error of a reply has one of `classes`. */
export function checkClass(
  t: Pick<CaseContext, 'check'>,
  error: Json,
  classes: readonly string[],
): asserts error is JsonObject {
  t.check(
    isJsonObject(error) && classes.includes(String(error.class)),
    `the class of the refusal must be ${classes.join(' or ')}`,
    `it is ${shown(isJsonObject(error) ? error.class : error)}`,
    { path: '$.error.class' },
  );
}

/**
 * For a requirement that asks for DeviceNotFound and that observations contradict: endpoints are known to answer
 * GenericError, which is noted, not held against them. That they refuse is.
 */
export async function refusedAsNotFound(
  t: CaseContext,
  requirement: RequirementId,
  command: string,
  args: JsonObject,
): Promise<void> {
  const error = await refusedWith(t, command, args, ['DeviceNotFound', 'GenericError']);
  if (error.class !== 'DeviceNotFound') t.info(`${requirement}: the class is ${String(error.class)}`);
}
