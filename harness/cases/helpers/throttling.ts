/** Limits of drives, throttle groups, nodes in them, and how long requests take that they limit. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import { insertedIn } from './device-info.ts';
import { objectArguments } from './made-objects.ts';
import { addNode, dataNodes, needs } from './shared-setup.ts';

/** Milliseconds' worth of a limit that may pass at once: requests are let go in small lots. */
const SLACK_MS = 100;

/** Limits of a drive. */
export const LIMITS = ['bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'] as const;
/** What is told of a drive or node without any, and takes all from a drive. */
export const NO_LIMIT = { bps: 0, bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0 };
/** Limits of a group. */
export const GROUP_LIMITS = [
  'bps-total',
  'bps-read',
  'bps-write',
  'iops-total',
  'iops-read',
  'iops-write',
] as const;

/** Gives a drive these limits, and no others. */
export function limit(t: CaseContext, device: string, given: JsonObject): Promise<Json> {
  return t.execute('block_set_io_throttle', { device, ...NO_LIMIT, ...given });
}

/** All that query-block tells of the limits of a drive, and its group. */
export async function limitsOf(t: CaseContext, device: string): Promise<JsonObject> {
  const told = Object.entries(await insertedIn(t, device));
  return Object.fromEntries(told.filter(([name]) => /^(bps|iops|group)/.test(name)));
}

/** What a case needs that makes groups. */
export const throttleNodes: Needs = needs(dataNodes, {
  commands: ['object-add', 'object-del'],
  drivers: ['throttle'],
  objects: ['throttle-group'],
});

/** The arguments of object-add for a group with these limits. */
export function groupOf(t: CaseContext, id: string, limits: JsonObject): JsonObject {
  return objectArguments(t, 'throttle-group', id, { limits });
}

/** Makes a group, and gives its id. */
export async function addGroup(t: CaseContext, limits: JsonObject): Promise<string> {
  const id = t.name('group');
  await t.execute('object-add', groupOf(t, id, limits));
  return id;
}

/** Adds a node in the group over the node `below`, and gives its name. */
export async function addAbove(t: CaseContext, group: string, below: string): Promise<string> {
  const node = t.name('throttle');
  await t.execute('blockdev-add', {
    driver: 'throttle',
    'node-name': node,
    'throttle-group': group,
    file: below,
  });
  return node;
}

/** Adds a node in the group, over a new one that takes data and need not keep them. */
export async function addThrottled(t: CaseContext, group: string): Promise<string> {
  return addAbove(t, group, await addNode(t));
}

/**
 * States that `act` takes the time that a limit makes it take: `units` pass at `rate` a second, those of the last request
 * apart. Where time is virtual, that it takes not much longer too.
 */
export async function checkTakes(
  t: CaseContext,
  what: string,
  { units, last, rate, slack = SLACK_MS }: { units: number; last: number; rate: number; slack?: number },
  act: () => Promise<unknown>,
): Promise<void> {
  const least = ((units - last) / rate) * 1000 - slack;
  const took = await t.timed(act);
  t.check(
    took >= least * 0.95,
    `${what} must take at least ${Math.floor(least)} ms`,
    `it took ${Math.floor(took)} ms`,
  );
  const most = (units / rate) * 1000 + SLACK_MS;
  if (t.virtualTime)
    t.check(
      took <= most,
      `${what} should take no more than ${Math.ceil(most)} ms`,
      `it took ${Math.floor(took)} ms`,
      { severity: 'should' },
    );
}

/** States that nothing holds `act` up. Where time is not virtual nothing is judged. */
export async function checkUnlimited(
  t: CaseContext,
  what: string,
  act: () => Promise<unknown>,
): Promise<void> {
  const took = await t.timed(act);
  if (t.virtualTime) t.check(took < 50, `${what} must not wait`, `it took ${Math.floor(took)} ms`);
}
