/** A change as one line of text. */
import type { Change } from './changes.ts';

const MEMBER_OF = { argument: 'argument', return: 'return member', event: 'event member' } as const;

/** `argument`, `return member`, `command`, `branch` … */
export function noun({ kind, position }: Pick<Change, 'kind' | 'position'>): string {
  return kind === 'member' ? MEMBER_OF[position] : kind;
}

/** `removed command block_passwd [breaks clients]`. */
export function changeLine(change: Change): string {
  const { direction, path, type, breaks } = change;
  const broken = [breaks.client && 'clients', breaks.endpoint && 'endpoints'].filter((who) => who !== false);
  return [
    `${direction} ${noun(change)} ${path}`,
    detail(change),
    type === undefined ? '' : ` (${type})`,
    broken.length === 0 ? '' : ` [breaks ${broken.join(' and ')}]`,
  ].join('');
}

function detail({ kind, before, after }: Change): string {
  if (before !== null && after !== null) return `: ${before} -> ${after}`;
  return kind === 'member' ? `: ${before ?? after}` : '';
}
