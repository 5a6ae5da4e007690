/**
 * The commands of the reference. This table is what `query-commands` and `query-qmp-schema` advertise: to add a
 * command, write its file and add its line, in the order of the names.
 */
import { blockCommit } from './block-commit.ts';
import { blockDirtyBitmapAdd } from './block-dirty-bitmap-add.ts';
import { blockDirtyBitmapClear } from './block-dirty-bitmap-clear.ts';
import { blockDirtyBitmapRemove } from './block-dirty-bitmap-remove.ts';
import { blockJobCancel } from './block-job-cancel.ts';
import { blockJobComplete } from './block-job-complete.ts';
import { blockJobDismiss } from './block-job-dismiss.ts';
import { blockJobFinalize } from './block-job-finalize.ts';
import { blockJobPause } from './block-job-pause.ts';
import { blockJobResume } from './block-job-resume.ts';
import { blockJobSetSpeed } from './block-job-set-speed.ts';
import { blockPasswd } from './block-passwd.ts';
import { blockResize } from './block-resize.ts';
import { blockSetIoThrottle } from './block-set-io-throttle.ts';
import { blockSetWriteThreshold } from './block-set-write-threshold.ts';
import { blockStream } from './block-stream.ts';
import { blockdevAdd } from './blockdev-add.ts';
import { blockdevBackup } from './blockdev-backup.ts';
import { blockdevChangeMedium } from './blockdev-change-medium.ts';
import { blockdevCloseTray } from './blockdev-close-tray.ts';
import { blockdevDel } from './blockdev-del.ts';
import { blockdevInsertMedium } from './blockdev-insert-medium.ts';
import { blockdevMirror } from './blockdev-mirror.ts';
import { blockdevOpenTray } from './blockdev-open-tray.ts';
import { blockdevRemoveMedium } from './blockdev-remove-medium.ts';
import { blockdevSnapshot } from './blockdev-snapshot.ts';
import { blockdevSnapshotDeleteInternalSync } from './blockdev-snapshot-delete-internal-sync.ts';
import { blockdevSnapshotInternalSync } from './blockdev-snapshot-internal-sync.ts';
import { blockdevSnapshotSync } from './blockdev-snapshot-sync.ts';
import { change } from './change.ts';
import { changeBackingFile } from './change-backing-file.ts';
import { cont } from './cont.ts';
import { deviceAdd } from './device-add.ts';
import { deviceDel } from './device-del.ts';
import { driveBackup } from './drive-backup.ts';
import { driveMirror } from './drive-mirror.ts';
import { eject } from './eject.ts';
import type { Handlers } from './handler.ts';
import { humanMonitorCommand } from './human-monitor-command.ts';
import { nbdServerAdd } from './nbd-server-add.ts';
import { nbdServerRemove } from './nbd-server-remove.ts';
import { nbdServerStart } from './nbd-server-start.ts';
import { nbdServerStop } from './nbd-server-stop.ts';
import { objectAdd } from './object-add.ts';
import { objectDel } from './object-del.ts';
import { qmpCapabilities } from './qmp-capabilities.ts';
import { qomGet } from './qom-get.ts';
import { qomList } from './qom-list.ts';
import { qomSet } from './qom-set.ts';
import { queryBlock } from './query-block.ts';
import { queryBlockJobs } from './query-block-jobs.ts';
import { queryBlockstats } from './query-blockstats.ts';
import { queryCommands } from './query-commands.ts';
import { queryEvents } from './query-events.ts';
import { queryIothreads } from './query-iothreads.ts';
import { queryName } from './query-name.ts';
import { queryNamedBlockNodes } from './query-named-block-nodes.ts';
import { queryQmpSchema } from './query-qmp-schema.ts';
import { queryStatus } from './query-status.ts';
import { queryVersion } from './query-version.ts';
import { quit } from './quit.ts';
import { stop } from './stop.ts';
import { systemReset } from './system-reset.ts';
import { transaction } from './transaction.ts';
import { xBlockdevChange } from './x-blockdev-change.ts';
import { xBlockdevCreate } from './x-blockdev-create.ts';
import { xBlockdevSetIothread } from './x-blockdev-set-iothread.ts';
import { xDebugBlockDirtyBitmapSha256 } from './x-debug-block-dirty-bitmap-sha256.ts';

/** All commands by name. What is here, as far as the spec has it, is what the endpoint advertises. */
export const commands = {
  'block-commit': blockCommit,
  'block-dirty-bitmap-add': blockDirtyBitmapAdd,
  'block-dirty-bitmap-clear': blockDirtyBitmapClear,
  'block-dirty-bitmap-remove': blockDirtyBitmapRemove,
  'block-job-cancel': blockJobCancel,
  'block-job-complete': blockJobComplete,
  'block-job-dismiss': blockJobDismiss,
  'block-job-finalize': blockJobFinalize,
  'block-job-pause': blockJobPause,
  'block-job-resume': blockJobResume,
  'block-job-set-speed': blockJobSetSpeed,
  block_passwd: blockPasswd,
  block_resize: blockResize,
  block_set_io_throttle: blockSetIoThrottle,
  'block-set-write-threshold': blockSetWriteThreshold,
  'block-stream': blockStream,
  'blockdev-add': blockdevAdd,
  'blockdev-backup': blockdevBackup,
  'blockdev-change-medium': blockdevChangeMedium,
  'blockdev-close-tray': blockdevCloseTray,
  'blockdev-del': blockdevDel,
  'blockdev-insert-medium': blockdevInsertMedium,
  'blockdev-mirror': blockdevMirror,
  'blockdev-open-tray': blockdevOpenTray,
  'blockdev-remove-medium': blockdevRemoveMedium,
  'blockdev-snapshot': blockdevSnapshot,
  'blockdev-snapshot-delete-internal-sync': blockdevSnapshotDeleteInternalSync,
  'blockdev-snapshot-internal-sync': blockdevSnapshotInternalSync,
  'blockdev-snapshot-sync': blockdevSnapshotSync,
  change,
  'change-backing-file': changeBackingFile,
  cont,
  device_add: deviceAdd,
  device_del: deviceDel,
  'drive-backup': driveBackup,
  'drive-mirror': driveMirror,
  eject,
  'human-monitor-command': humanMonitorCommand,
  'nbd-server-add': nbdServerAdd,
  'nbd-server-remove': nbdServerRemove,
  'nbd-server-start': nbdServerStart,
  'nbd-server-stop': nbdServerStop,
  'object-add': objectAdd,
  'object-del': objectDel,
  qmp_capabilities: qmpCapabilities,
  'qom-get': qomGet,
  'qom-list': qomList,
  'qom-set': qomSet,
  'query-block': queryBlock,
  'query-block-jobs': queryBlockJobs,
  'query-blockstats': queryBlockstats,
  'query-commands': queryCommands,
  'query-events': queryEvents,
  'query-iothreads': queryIothreads,
  'query-name': queryName,
  'query-named-block-nodes': queryNamedBlockNodes,
  'query-qmp-schema': queryQmpSchema,
  'query-status': queryStatus,
  'query-version': queryVersion,
  quit,
  stop,
  system_reset: systemReset,
  transaction,
  'x-blockdev-change': xBlockdevChange,
  'x-blockdev-create': xBlockdevCreate,
  'x-blockdev-set-iothread': xBlockdevSetIothread,
  'x-debug-block-dirty-bitmap-sha256': xDebugBlockDirtyBitmapSha256,
} satisfies Handlers;
