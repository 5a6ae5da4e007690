/** Throttle groups, nodes in them, and how long requests take that they limit. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';
import { objectArguments } from './made-objects.ts';
import { addNode, dataNodes, needs } from './shared-setup.ts';

/** Milliseconds' worth of a limit that may pass at once: requests are let go in small lots. */
const SLACK_MS = 100;

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
