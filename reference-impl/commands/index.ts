/**
 * The commands of the reference. This table is what `query-commands` and `query-qmp-schema` advertise: to add a
 * command, write its file and add its line, in the order of the names.
 */
import type { QmpCommands } from '../../spec/generated/qmp.ts';
import { blockDirtyBitmapAdd } from './block-dirty-bitmap-add.ts';
import { blockDirtyBitmapClear } from './block-dirty-bitmap-clear.ts';
import { blockDirtyBitmapRemove } from './block-dirty-bitmap-remove.ts';
import { blockPasswd } from './block-passwd.ts';
import { blockResize } from './block-resize.ts';
import { blockSetWriteThreshold } from './block-set-write-threshold.ts';
import { blockdevAdd } from './blockdev-add.ts';
import { blockdevDel } from './blockdev-del.ts';
import type { Handler } from './command.ts';
import { humanMonitorCommand } from './human-monitor-command.ts';
import { nbdServerAdd } from './nbd-server-add.ts';
import { nbdServerRemove } from './nbd-server-remove.ts';
import { nbdServerStart } from './nbd-server-start.ts';
import { nbdServerStop } from './nbd-server-stop.ts';
import { objectAdd } from './object-add.ts';
import { objectDel } from './object-del.ts';
import { qmpCapabilities } from './qmp-capabilities.ts';
import { queryBlock } from './query-block.ts';
import { queryBlockJobs } from './query-block-jobs.ts';
import { queryBlockstats } from './query-blockstats.ts';
import { queryCommands } from './query-commands.ts';
import { queryEvents } from './query-events.ts';
import { queryNamedBlockNodes } from './query-named-block-nodes.ts';
import { queryQmpSchema } from './query-qmp-schema.ts';
import { queryVersion } from './query-version.ts';
import { quit } from './quit.ts';
import { xBlockdevCreate } from './x-blockdev-create.ts';
import { xBlockdevSetIothread } from './x-blockdev-set-iothread.ts';
import { xDebugBlockDirtyBitmapSha256 } from './x-debug-block-dirty-bitmap-sha256.ts';

export const commands = {
  'block-dirty-bitmap-add': blockDirtyBitmapAdd,
  'block-dirty-bitmap-clear': blockDirtyBitmapClear,
  'block-dirty-bitmap-remove': blockDirtyBitmapRemove,
  block_passwd: blockPasswd,
  block_resize: blockResize,
  'block-set-write-threshold': blockSetWriteThreshold,
  'blockdev-add': blockdevAdd,
  'blockdev-del': blockdevDel,
  'human-monitor-command': humanMonitorCommand,
  'nbd-server-add': nbdServerAdd,
  'nbd-server-remove': nbdServerRemove,
  'nbd-server-start': nbdServerStart,
  'nbd-server-stop': nbdServerStop,
  'object-add': objectAdd,
  'object-del': objectDel,
  qmp_capabilities: qmpCapabilities,
  'query-block': queryBlock,
  'query-block-jobs': queryBlockJobs,
  'query-blockstats': queryBlockstats,
  'query-commands': queryCommands,
  'query-events': queryEvents,
  'query-named-block-nodes': queryNamedBlockNodes,
  'query-qmp-schema': queryQmpSchema,
  'query-version': queryVersion,
  quit,
  'x-blockdev-create': xBlockdevCreate,
  'x-blockdev-set-iothread': xBlockdevSetIothread,
  'x-debug-block-dirty-bitmap-sha256': xDebugBlockDirtyBitmapSha256,
} satisfies Partial<Record<keyof QmpCommands, Handler>>;
