/**
 * The commands of the reference. This table is what `query-commands` and `query-qmp-schema` advertise: to add a
 * command, write its file and add its line, in the order of the names.
 */

import { blockDirtyBitmapAdd } from './block-dirty-bitmap-add.ts';
import { blockDirtyBitmapClear } from './block-dirty-bitmap-clear.ts';
import { blockDirtyBitmapRemove } from './block-dirty-bitmap-remove.ts';
import { blockResize } from './block-resize.ts';
import { blockdevAdd } from './blockdev-add.ts';
import { blockdevDel } from './blockdev-del.ts';
import type { Handler } from './command.ts';
import { queryBlock } from './query-block.ts';
import { queryBlockJobs } from './query-block-jobs.ts';
import { queryBlockstats } from './query-blockstats.ts';
import { queryNamedBlockNodes } from './query-named-block-nodes.ts';
import { xDebugBlockDirtyBitmapSha256 } from './x-debug-block-dirty-bitmap-sha256.ts';

export const commands = {
  'block-dirty-bitmap-add': blockDirtyBitmapAdd,
  'block-dirty-bitmap-clear': blockDirtyBitmapClear,
  'block-dirty-bitmap-remove': blockDirtyBitmapRemove,
  block_resize: blockResize,
  'blockdev-add': blockdevAdd,
  'blockdev-del': blockdevDel,
  'query-block': queryBlock,
  'query-block-jobs': queryBlockJobs,
  'query-blockstats': queryBlockstats,
  'query-named-block-nodes': queryNamedBlockNodes,
  'x-debug-block-dirty-bitmap-sha256': xDebugBlockDirtyBitmapSha256,
} satisfies Record<string, Handler>;
