/** Requirements of the examples in the spec's prose: what stands there works as it stands there. */
import type { Requirement } from './requirement.ts';

export const examples = {
  'examples/bitmaps': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'The examples that add, clear and remove bitmap0 of drive0 work as they stand.',
  },
  'examples/resize': {
    level: 'must',
    definition: 'block_resize',
    text: 'The example that gives the device scratch 1 GiB works as it stands.',
  },
  'examples/snapshot': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'The example that puts node1534, opened without backing, over ide-hd0 works as it stands.',
  },
  'examples/threshold': {
    level: 'must',
    definition: 'block-set-write-threshold',
    text: 'The example that sets a threshold of 16 GiB for the node mydev works as it stands.',
  },
} as const satisfies Record<string, Requirement>;
