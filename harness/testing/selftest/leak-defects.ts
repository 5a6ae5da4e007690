/** Planted defects that keep what should have gone: files, memory, descriptors. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Defect, Moment } from './defects.ts';

function leak(name: string, minimal: number, command: string, at: (moment: Moment) => void): Defect {
  return {
    name,
    kind: 'deviation',
    minimal,
    at: (moment) => {
      if (moment.command === command && moment.reply.error === undefined) at(moment);
      return null;
    },
  };
}

export const LEAK_DEFECTS: readonly Defect[] = [
  leak('resize leaves a temporary file', 2, 'block_resize', ({ dir }) =>
    writeFileSync(join(dir, 'resize.tmp'), 'x'),
  ),
  leak('bitmap keeps its memory', 2, 'block-dirty-bitmap-add', ({ model }) => {
    model.leaked.memory += 4 * 2 ** 20;
  }),
  leak('node keeps two descriptors', 1, 'blockdev-add', ({ model }) => {
    model.leaked.descriptors += 2;
  }),
];
