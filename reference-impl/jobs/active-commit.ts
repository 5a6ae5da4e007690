/** The commit of an active layer: a mirror of it to its base, which then takes its place. */
import type { BlockCommitArguments } from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import { setReadOnly } from '../graph/reopen.ts';
import { grow } from './commit-job.ts';
import type { Job } from './job.ts';
import type { JobContext } from './job-context.ts';
import { createMirror } from './mirror-job.ts';

/** A new job, not yet started. Throws `CommandError`. */
export async function createActiveCommit(
  context: JobContext,
  source: Node,
  base: Node,
  args: BlockCommitArguments,
): Promise<Job> {
  const { graph } = context.block;
  const wasReadOnly = base.readOnly;
  await setReadOnly(graph, base, false);
  try {
    const plan = {
      type: 'commit',
      source,
      target: base,
      base,
      begin: () => grow(base, source.io.length()),
    } as const;
    return await createMirror(context, plan, { ...args, unmap: false });
  } catch (error) {
    await setReadOnly(graph, base, wasReadOnly);
    throw error;
  }
}
