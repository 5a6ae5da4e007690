/**
 * A command that succeeded did something: what it makes is there, what it removes is gone, what it changes is told
 * otherwise. What must be seen says the effects table, of each action of a transaction as of a command. Only what nobody
 * sees anything of is reported; a wrong value is for the cases. What the endpoint has no way to tell is passed over.
 */
import { actionsOf, type CommandCall, effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { Check, CheckContext, Exchange } from './check.ts';
import { isMedium, isUnchanged, type Unseen, unchangedMembers, unseenThings } from './unseen-effects.ts';

/** A job that was started and of which nothing was seen yet: its events may be on their way. */
interface AwaitedJob {
  readonly command: string;
  readonly exchange: number;
  /** Null: the command did not name it. */
  readonly id: string | null;
}

const JOB_EVENT = /^(BLOCK_)?JOB_/;

export function successHasEffect(): Check {
  let before: Snapshot | null = null;
  let server: JsonObject | null = null;
  let awaited: AwaitedJob[] = [];

  function lookForJobs({ events }: Exchange): void {
    for (const event of events) awaited = awaited.filter(({ id }) => !isOfJob(event, id));
  }

  async function look(
    call: CommandCall,
    now: Snapshot,
    exchange: number,
    context: CheckContext,
  ): Promise<void> {
    const place = { call, before, now, server, context };
    const { makes, moves } = effectsOf(call.command);
    const unseen: Unseen[] = [...(await unseenThings(place)), ...(await unchangedMembers(place))];
    const mustDiffer = moves !== undefined && (makes === undefined || isMedium(place));
    if (mustDiffer && before !== null && isUnchanged(before, now)) unseen.push({ what: 'nothing changed' });
    for (const { what, job: id, ...values } of unseen)
      if (id !== undefined) awaited.push({ command: call.command, exchange, id });
      else context.report({ severity: 'must', message: `${call.command} succeeded, and ${what}`, ...values });
  }

  return {
    id: 'success-has-effect',
    title: 'A command that succeeded did what it says',
    async before({ command, arguments: args = {}, elsewhere }, { probe }) {
      if (elsewhere) return;
      const differs = actionsOf({ command: command ?? '', arguments: args }).some(takesBefore);
      before = differs ? await probe.snapshot() : null;
    },
    async after(exchange, context) {
      const { command, arguments: args = {}, replies, index, elsewhere } = exchange;
      if (elsewhere) return;
      if (command === undefined || replies.length !== 1 || !Object.hasOwn(replies[0]!, 'return')) {
        lookForJobs(exchange);
        return;
      }
      if (command === 'nbd-server-start') server = openServer(args);
      const actions = actionsOf({ command, arguments: args }).filter(isVisible);
      const [creations, others] = [actions.filter(makesImage), actions.filter((call) => !makesImage(call))];
      for (const call of creations)
        awaited.push({ command: call.command, exchange: index, id: String(call.arguments['job-id']) });
      const now = others.length === 0 ? null : await context.probe.now();
      if (now !== null) for (const action of others) await look(action, now, index, context);
      lookForJobs(exchange);
    },
    async finish({ probe, report }) {
      if (awaited.length === 0 || (await probe.now()) === null) return;
      for (const { command, exchange } of awaited)
        report({ severity: 'must', message: `${command} succeeded, and there was no job`, exchange });
    },
  };
}

/** Where a server was started that takes any client; null for one that does not, or that has no path on the file system. */
function openServer({ addr, ...limits }: JsonObject): JsonObject | null {
  if (!isJsonObject(addr) || Object.keys(limits).length > 0) return null;
  return isJsonObject(addr.data) && addr.data.abstract === true ? null : addr;
}

/**
 * Whether it starts a job that opens the image it makes. Its events tell that it is there: QEMU 7.2 may end when it is asked
 * for its nodes meanwhile.
 */
function makesImage({ command }: CommandCall): boolean {
  return effectsOf(command).job === 'create';
}

/** Whether anything must be seen of it. */
function isVisible({ command }: CommandCall): boolean {
  const { makes, removes, reported, shows, moves } = effectsOf(command);
  return [makes, removes, reported, shows, moves].some((told) => told !== undefined);
}

/** Whether it takes the state before to see that. */
function takesBefore({ command }: CommandCall): boolean {
  const { makes, removes = [], reported, shows, moves, job } = effectsOf(command);
  if (makes === undefined && reported !== undefined) return true;
  if (removes.some(({ kind }) => kind === 'snapshot')) return true;
  return [shows, moves, job].some((told) => told !== undefined);
}

function isOfJob({ event, data }: JsonObject, id: string | null): boolean {
  if (!JOB_EVENT.test(String(event)) || !isJsonObject(data)) return false;
  return id === null || data.device === id || data.id === id;
}
