/** What a series does to a node, one step after another, and what a case needs for it. */
import type { CaseContext, Needs } from '../case.ts';
import { addBitmap } from '../helpers/bitmaps.ts';
import { needs } from '../helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';

/** A step that a command makes. */
export type CommandStep =
  | { readonly do: 'resize'; readonly size: number }
  | { readonly do: 'take' | 'delete'; readonly name: string }
  /** A persistent bitmap, bytes a bit, and its end. */
  | { readonly do: 'mark'; readonly name: string; readonly granularity: number }
  | { readonly do: 'unmark'; readonly name: string };

/** Requests of a guest, so many. */
export interface WriteStep {
  readonly do: 'write';
  readonly count: number;
}

/** `reopen`: the node goes, and another comes in its place. */
export type SeriesStep = WriteStep | { readonly do: 'reopen' } | CommandStep;

export const write = (count: number): WriteStep => ({ do: 'write', count });
export const reopen: SeriesStep = { do: 'reopen' };
export const resize = (size: number): CommandStep => ({ do: 'resize', size });
export const take = (name: string): CommandStep => ({ do: 'take', name });
export const drop = (name: string): CommandStep => ({ do: 'delete', name });
export const mark = (name: string, granularity: number): CommandStep => ({ do: 'mark', name, granularity });
export const unmark = (name: string): CommandStep => ({ do: 'unmark', name });

/** What a case with these steps needs, besides `base`. */
export function withSteps(base: Needs, steps: readonly { readonly do: string }[]): Needs {
  const has = (kind: string): boolean => steps.some((step) => step.do === kind);
  const resizes = has('resize') ? ['block_resize'] : [];
  const snapshots = has('take') ? [TAKE, DELETE] : [];
  const bitmaps: Needs = {
    commands: ['block-dirty-bitmap-add', 'block-dirty-bitmap-remove', 'x-debug-block-dirty-bitmap-sha256'],
    members: ['block-dirty-bitmap-add.persistent'],
  };
  return needs(base, { commands: [...resizes, ...snapshots] }, has('mark') ? bitmaps : {});
}

/** Makes a step. */
export async function makeStep(t: CaseContext, node: string, step: CommandStep): Promise<void> {
  if (step.do === 'resize') await t.execute('block_resize', { 'node-name': node, size: step.size });
  else if (step.do === 'mark')
    await addBitmap(t, node, step.name, { granularity: step.granularity, persistent: true });
  else if (step.do === 'unmark') await t.execute('block-dirty-bitmap-remove', { node, name: step.name });
  else await t.execute(step.do === 'take' ? TAKE : DELETE, { device: node, name: step.name });
}
