/** What a series does to a node besides requests of a guest, and what a case needs for it. */
import type { CaseContext, Needs } from '../case.ts';
import { needs } from '../helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';

/** A step that a command makes. */
export type CommandStep =
  | { readonly do: 'resize'; readonly size: number }
  | { readonly do: 'take' | 'delete'; readonly name: string };

/** What a case with these steps needs, besides `base`. */
export function withSteps(base: Needs, steps: readonly { readonly do: string }[]): Needs {
  const has = (kind: string): boolean => steps.some((step) => step.do === kind);
  const resizes = has('resize') ? ['block_resize'] : [];
  return needs(base, { commands: has('take') ? [TAKE, DELETE, ...resizes] : resizes });
}

/** Makes a step. */
export async function makeStep(t: CaseContext, node: string, step: CommandStep): Promise<void> {
  if (step.do === 'resize') await t.execute('block_resize', { 'node-name': node, size: step.size });
  else await t.execute(step.do === 'take' ? TAKE : DELETE, { device: node, name: step.name });
}
