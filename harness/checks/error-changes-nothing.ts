/** What is refused leaves nodes, devices and jobs as they were: a command, or all that raw bytes ask for. */
import { effectsOf } from '../../spec/effects/effects-of.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { snapshotChange, withoutFormatFiles } from '../state/snapshot-change.ts';
import { type Check, type Exchange, isRefused } from './check.ts';
import { isQuery } from './query-changes-nothing.ts';

export function errorChangesNothing(): Check {
  let was: Snapshot | null = null;
  return {
    id: 'error-changes-nothing',
    title: 'A command that is answered with an error changes nothing',
    async before(exchange, { probe }) {
      was = isQuery(exchange.command) || overwritesFirst(exchange) ? null : await probe.snapshot();
    },
    async after(exchange, { probe, report }) {
      if (!isRefused(exchange)) return;
      // What is seen later is this command's doing, not the next one's.
      if (overwritesFirst(exchange)) await probe.retake();
      if (was === null) return;
      // An image that turned out to be corrupt is not used any further.
      if (exchange.events.some(({ event }) => event === 'BLOCK_IMAGE_CORRUPTED')) return;
      const before = was;
      was = null;
      const now = await probe.retake();
      const changed = now && snapshotChange(withoutFormatFiles(before), withoutFormatFiles(now));
      if (!changed) return;
      const message = `${whatWasRefused(exchange)}, and yet changed the state`;
      report({ severity: 'must', message, ...changed });
    },
  };
}

/** True if the command, or any word of the raw bytes, is one that overwrites a file before it can fail. */
function overwritesFirst({ command, raw }: Exchange): boolean {
  const names = raw?.match(/[\w-]+/g) ?? [command ?? ''];
  return names.some((name) => effectsOf(name).overwritesBeforeRefusal === true);
}

function whatWasRefused({ command, replies }: Exchange): string {
  if (command !== undefined) return `${command} was refused`;
  return replies.length === 1 ? 'the message was refused' : 'all messages were refused';
}
