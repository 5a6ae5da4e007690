/**
 * A query leaves nodes, devices and jobs as they were. To stay cheap it compares once for a row of queries: before
 * the next command that may change something, and at the end.
 */
import type { Snapshot } from '../state/snapshot.ts';
import { snapshotChange, withoutFormatFiles } from '../state/snapshot-change.ts';
import type { Check, CheckContext } from './check.ts';

/** Whether a command only asks, as its name says; undefined is no command. */
export function isQuery(command: string | undefined): boolean {
  return command?.startsWith('query-') ?? false;
}

export function queryChangesNothing(): Check {
  let was: Snapshot | null = null;
  let queries = new Set<string>();

  async function compare({ probe, report }: CheckContext): Promise<void> {
    const before = was;
    const names = [...queries].join(', ');
    was = null;
    queries = new Set();
    if (before === null) return;
    const now = await probe.retake();
    // The state before may be from before a command that was refused, and let a format take more of its file.
    const changed = now && snapshotChange(withoutFormatFiles(before), withoutFormatFiles(now));
    if (changed) report({ severity: 'must', message: `a query changed the state: ${names}`, ...changed });
  }

  return {
    id: 'query-changes-nothing',
    title: 'A query changes nothing',
    async before({ command }, context) {
      if (!isQuery(command)) await compare(context);
      else was ??= await context.probe.snapshot();
    },
    after({ command, replies }) {
      if (was !== null && isQuery(command) && replies.length > 0) queries.add(command!);
    },
    finish: compare,
  };
}
