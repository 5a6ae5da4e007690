/** Dirty bitmaps. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CallBuilder } from '../call-builder.ts';
import type { CallTemplate } from '../call-templates.ts';

const named = (d: CallBuilder): JsonObject => {
  const name = d.use('bitmap');
  return { node: d.nodeOf(name), name };
};

function on(command: string, weight: number): CallTemplate {
  return { command, weight, needs: ['node', 'bitmap'], make: named };
}

export const bitmapAddArguments = (d: CallBuilder): JsonObject => ({
  node: d.use('node'),
  name: d.make('bitmap'),
  ...d.maybe(30, () => ({ granularity: d.granularity() })),
  ...d.maybe(25, () => ({ persistent: d.chance(80) })),
  ...d.maybe(10, () => ({ disabled: d.chance(80) })),
});

export const BITMAP_TEMPLATES: readonly CallTemplate[] = [
  { command: 'block-dirty-bitmap-add', weight: 5, needs: ['node'], make: bitmapAddArguments },
  on('block-dirty-bitmap-remove', 3),
  on('block-dirty-bitmap-clear', 2),
  on('block-dirty-bitmap-enable', 1),
  on('block-dirty-bitmap-disable', 1),
  on('x-debug-block-dirty-bitmap-sha256', 1),
  {
    command: 'block-dirty-bitmap-merge',
    weight: 2,
    needs: ['node', 'bitmap'],
    make: (d) => ({
      node: d.use('node'),
      target: d.use('bitmap'),
      bitmaps: [d.chance(60) ? d.use('bitmap') : { node: d.use('node'), name: d.use('bitmap') }],
    }),
  },
];
