/** What a command should have done, and of which nothing is seen: things that it makes or removes, members that it changes. */

import type { Reference, Shown } from '../../spec/effects/effects.ts';
import {
  type CommandCall,
  effectsOf,
  type Thing,
  thingsMade,
  thingsRemoved,
} from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject, jsonEqual } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import {
  describedBitmap,
  describedDevice,
  describedJob,
  describedNode,
  describedNodeOrMedium,
  isMediumIn,
  memberAt,
} from '../state/described.ts';
import { jobsQuery } from '../state/job-state.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { snapshotChange } from '../state/snapshot-change.ts';
import type { CheckContext } from './check.ts';

/** A call that succeeded, and the state on both sides of it. */
export interface Success {
  readonly call: CommandCall;
  /** Null where it is not known. */
  readonly before: Snapshot | null;
  readonly now: Snapshot;
  /** Where the NBD server was started, if that was seen. */
  readonly server: JsonObject | null;
  readonly context: CheckContext;
}

/** An effect of which nothing is seen. */
export interface Unseen {
  /** What is instead, as the end of a sentence. */
  readonly what: string;
  readonly expected?: Json;
  readonly got?: Json;
  /** Of a job its id; null where the call names none. */
  readonly job?: string | null;
}

/** Things that were made and are not there, or were removed and still are. */
export async function unseenThings(success: Success): Promise<Unseen[]> {
  const { call } = success;
  const { job, moves } = effectsOf(call.command);
  const unseen: Unseen[] = [];
  const made = thingsMade(call).filter(({ thing: { kind } }) => {
    // What else a job makes comes and goes with it.
    if (job !== undefined) return kind === 'job';
    // An overlay goes again at once where nobody uses what it was put on; its file stays.
    return kind !== 'node' || moves === undefined || isMedium(success);
  });
  for (const { thing } of made)
    if ((await isThere(thing, success)) === false)
      unseen.push(
        thing.kind === 'job'
          ? { what: 'there was no job', job: 'job-id' in call.arguments ? thing.name : null }
          : { what: `there is no ${thing.kind}${named(thing)}` },
      );
  for (const thing of thingsRemoved(call))
    if ((await isThere(thing, success)) === true)
      unseen.push({ what: `the ${thing.kind}${named(thing)} is still there` });
  return unseen;
}

/** Whether the call names a drive, or the node that is the medium of one. */
export function isMedium({ call, now, before }: Success): boolean {
  const name = nameOf(call, ['node', 'node-or-device', 'device']) ?? '';
  return [before, now].some((state) => state !== null && isMediumIn(state, name));
}

/** Members that should be told otherwise than before, and are not. */
export async function unchangedMembers(success: Success): Promise<Unseen[]> {
  const { reported = {}, shows = [], makes } = effectsOf(success.call.command);
  const ofNodes = makes === undefined ? Object.entries(reported) : [];
  const unchanged = ofNodes.flatMap(([argument, { as, granularity }]) =>
    unlessChanged(nodesOf(success), as, success.call.arguments[argument], granularity),
  );
  for (const shown of shows) {
    const wanted = shown.argument === undefined ? shown.value : success.call.arguments[shown.argument];
    if (shown.argument !== undefined && wanted === undefined) continue;
    const [was, is] = await descriptions(shown, success);
    if (shown.unless !== undefined && hasMembers(was, shown.unless)) continue;
    unchanged.push(...unlessChanged([was, is], shown.as, wanted));
  }
  return unchanged;
}

/** Whether two states are the same. */
export function isUnchanged(before: Snapshot, now: Snapshot): boolean {
  return snapshotChange(before, now) === null;
}

/** One thing as it was told before and as it is told now. */
type Sides = readonly [was: JsonObject | undefined, is: JsonObject | undefined];

function unlessChanged([was, is]: Sides, as: string, wanted: Json | undefined, granularity = 1): Unseen[] {
  if (was === undefined || is === undefined) return [];
  const [before, now] = [memberAt(was, as), memberAt(is, as)];
  // What it never tells of such a thing.
  if (before === undefined && now === undefined && (wanted === undefined || !as.includes('.'))) return [];
  if (!isAlike(before, now) || isAlike(now, wanted, granularity)) return [];
  return [{ what: `${as} is what it was`, expected: wanted ?? null, got: now ?? null }];
}

function isAlike(a: Json | undefined, b: Json | undefined, granularity = 1): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (granularity === 1 || !isInteger(a) || !isInteger(b)) return jsonEqual(a, b);
  const difference = BigInt(a) - BigInt(b);
  return difference > -granularity && difference < granularity;
}

function isInteger(value: Json): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function nodesOf({ call, before, now }: Success): Sides {
  const name = nameOf(call, ['node', 'node-or-device', 'device']);
  if (name === undefined || before === null) return [undefined, undefined];
  return [describedNodeOrMedium(before, name), describedNodeOrMedium(now, name)];
}

/** A job and the machine are held to what they must be now, as it does not matter what they were. */
async function descriptions({ of }: Shown, success: Success): Promise<Sides> {
  const { call, before, now, context } = success;
  if (of === 'machine') {
    const status =
      context.endpointSchema.commands.has('query-status') && (await context.probe.ask('query-status'));
    if (!status || status === 'refused' || !isJsonObject(status.value)) return [undefined, undefined];
    // A request of the guest that fails again stops the machine again at once.
    return status.value.status === 'io-error' ? [undefined, undefined] : [status.value, status.value];
  }
  const name = nameOf(call, [of]);
  if (of === 'job') {
    const is = name === undefined ? undefined : await jobNow(name, success);
    return [is, is];
  }
  if (name === undefined || before === null) return [undefined, undefined];
  if (of === 'device') return [describedDevice(before, name), describedDevice(now, name)];
  const node = nameOf(call, ['node-or-device']) ?? '';
  return [describedBitmap(before, node, name), describedBitmap(now, node, name)];
}

/** Only one of the queries tells whether a job is paused, and only the other tells of all jobs. */
async function jobNow(id: string, { now, context }: Success): Promise<JsonObject | undefined> {
  const { endpointSchema, probe } = context;
  const blockJobs = endpointSchema.commands.has('query-block-jobs')
    ? await probe.ask('query-block-jobs')
    : null;
  const told = blockJobs === null || blockJobs === 'refused' ? undefined : describedJob(blockJobs.value, id);
  return told ?? describedJob(now.jobs, id);
}

/** The first argument given that names something of these kinds. */
function nameOf({ command, arguments: args }: CommandCall, kinds: readonly Reference[]): string | undefined {
  const uses = Object.entries(effectsOf(command).uses ?? {}).filter(([, kind]) => kinds.includes(kind));
  return uses.map(([argument]) => args[argument]).find((name) => typeof name === 'string');
}

function hasMembers(description: JsonObject | undefined, members: JsonObject): boolean {
  return Object.entries(members).every(([name, value]) => isAlike(description?.[name], value));
}

function named({ name }: Thing): string {
  return name === null ? '' : ` '${name}'`;
}

/** Null where the endpoint has no way to tell. */
async function isThere(thing: Thing, success: Success): Promise<boolean | null> {
  const { now, context } = success;
  const { commands } = context.endpointSchema;
  const name = thing.name ?? '';
  switch (thing.kind) {
    case 'node':
      return commands.has('query-named-block-nodes') ? describedNode(now, name) !== undefined : null;
    case 'job':
      if (jobsQuery(context.endpointSchema) !== null) return describedJob(now.jobs, name) !== undefined;
      // Who cannot tell of jobs may have done it at once.
      return success.before !== null && isUnchanged(success.before, now) ? false : null;
    case 'bitmap':
      return isBitmapThere(thing.owner?.name ?? '', name, success);
    case 'snapshot':
      return isSnapshotThere(name, success);
    case 'export':
    case 'nbd-server':
      return isServed(thing, success);
    case 'file':
      return context.probe.hasFile(name);
    case 'object':
      return isObjectThere(name, context);
    default:
      return null;
  }
}

async function isBitmapThere(node: string, name: string, { now, context }: Success): Promise<boolean | null> {
  const { endpointSchema, probe } = context;
  if (describedBitmap(now, node, name) !== undefined) return true;
  if (nodesTell(endpointSchema, 'dirty-bitmaps')) return false;
  const query = 'x-debug-block-dirty-bitmap-sha256';
  const answer = endpointSchema.commands.has(query) ? await probe.ask(query, { node, name }) : null;
  return answer === null ? null : answer !== 'refused';
}

function nodesTell({ commands }: Schema, member: string): boolean {
  const list = commands.get('query-named-block-nodes')?.returns;
  const node = list?.kind === 'array' ? list.element : undefined;
  return node?.kind === 'object' && node.members.some(({ name }) => name === member);
}

function isSnapshotThere(name: string, { call, before, now }: Success): boolean | null {
  const device = String(call.arguments.device);
  const image = describedNodeOrMedium(now, device)?.image;
  if (!isJsonObject(image)) return null;
  const was = before === null ? undefined : describedNodeOrMedium(before, device)?.image;
  if ([was, image].some((one) => isJsonObject(one) && one.snapshots !== undefined))
    return hasSnapshot(image, name);
  // A filter hands it on to what is below, and tells nothing of it.
  const nodes = Array.isArray(now.nodes) ? now.nodes.filter(isJsonObject) : [];
  return nodes.some((node) => hasSnapshot(node.image, name));
}

function hasSnapshot(image: Json | undefined, name: string): boolean {
  const snapshots = isJsonObject(image) ? image.snapshots : undefined;
  return Array.isArray(snapshots) && snapshots.some((one) => isJsonObject(one) && one.name === name);
}

async function isServed({ kind, name }: Thing, { server, context }: Success): Promise<boolean | null> {
  const { endpointSchema, probe } = context;
  if (kind === 'nbd-server' || !endpointSchema.commands.has('query-block-exports')) {
    const names = server === null ? null : await probe.exportsAt(server);
    if (names === null || names === 'nobody') return names === null ? null : false;
    return kind === 'nbd-server' || names.includes(name ?? '');
  }
  const answer = await probe.ask('query-block-exports');
  if (answer === null || answer === 'refused' || !Array.isArray(answer.value)) return null;
  return answer.value.some((one) => isJsonObject(one) && one.id === name && one['shutting-down'] !== true);
}

async function isObjectThere(
  id: string,
  { endpointSchema: { commands }, probe }: CheckContext,
): Promise<boolean | null> {
  if (!commands.has('qom-list')) return null;
  const answer = await probe.ask('qom-list', { path: '/objects' });
  // Where there never was an object there is no such place.
  if (answer === 'refused') {
    const root = await probe.ask('qom-list', { path: '/' });
    return root === null || root === 'refused' ? null : false;
  }
  if (answer === null || !Array.isArray(answer.value)) return null;
  return answer.value.some((one) => isJsonObject(one) && one.name === id);
}
