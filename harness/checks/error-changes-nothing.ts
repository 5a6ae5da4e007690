/** A command that is refused leaves nodes, devices and jobs as they were. */
import { effectsOf } from '../../spec/effects/lookup.ts';
import type { Snapshot } from '../state/snapshot.ts';
import { snapshotChange, withoutFormatFiles } from '../state/snapshot-change.ts';
import type { Check } from './check.ts';
import { isQuery } from './query-changes-nothing.ts';

export function errorChangesNothing(): Check {
  let was: Snapshot | null = null;
  return {
    id: 'error-changes-nothing',
    title: 'A command that is answered with an error changes nothing',
    async before({ command }, { probe }) {
      was = isQuery(command) || overwritesFirst(command) ? null : await probe.snapshot();
    },
    async after({ reply, command, events }, { probe, report }) {
      // What is seen later is this command's doing, not the next one's.
      if (overwritesFirst(command) && reply?.error !== undefined) await probe.retake();
      if (was === null || reply?.error === undefined) return;
      // An image that turned out to be corrupt is not used any further.
      if (events.some(({ event }) => event === 'BLOCK_IMAGE_CORRUPTED')) return;
      const before = was;
      was = null;
      const now = await probe.retake();
      const changed = now && snapshotChange(withoutFormatFiles(before), withoutFormatFiles(now));
      if (!changed) return;
      const message = `${command ?? 'the message'} was refused, and yet changed the state`;
      report({ severity: 'must', message, ...changed });
    },
  };
}

function overwritesFirst(command: string | undefined): boolean {
  return effectsOf(command ?? '').overwritesBeforeRefusal === true;
}
