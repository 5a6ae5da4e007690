/** The cases of all drivers but qcow2, which has themes of its own. A new file is one line here. */
import type { CaseDefinition } from '../case.ts';
import { anyRules } from './any-rules.ts';
import { archiveShapes } from './archive-shapes.ts';
import { archiveCases } from './archives.ts';
import { blkdebugFileCases } from './blkdebug-files.ts';
import { copiedOnRead } from './copied-on-read.ts';
import { vvfatCases } from './directories.ts';
import { directoryDisks } from './directory-disks.ts';
import { directoryFat32 } from './directory-fat32.ts';
import { directoryGuests } from './directory-guests.ts';
import { directoryWrites } from './directory-writes.ts';
import { driverEventCases } from './driver-events.ts';
import { filesBelow } from './files-below.ts';
import { formatChildren } from './format-children.ts';
import { formatCreations } from './format-creations.ts';
import { formatLimits } from './format-limits.ts';
import { formatTables } from './format-tables.ts';
import { handmadeFormats } from './handmade-formats.ts';
import { holesOfRaw } from './holes-of-raw.ts';
import { hostDeviceCases } from './host-devices.ts';
import { blkdebugRuleCases } from './injected-errors.ts';
import { limitsOfOptions } from './limits-of-options.ts';
import { nbdHandshakeCases } from './nbd-handshakes.ts';
import { nbdNameCases } from './nbd-names.ts';
import { nbdNodeCases } from './nbd-nodes.ts';
import { nbdPatienceCases } from './nbd-patience.ts';
import { nbdReplyCases } from './nbd-replies.ts';
import { nbdRequestCases } from './nbd-requests.ts';
import { networkCases } from './network/index.ts';
import { nullAndFileCases } from './null-and-file.ts';
import { otherFormatCases } from './other-formats.ts';
import { quorumCases } from './quorum.ts';
import { quorumChanges } from './quorum-changes.ts';
import { quorumFlushes } from './quorum-flushes.ts';
import { quorumLosers } from './quorum-losers.ts';
import { quorumNames } from './quorum-names.ts';
import { quorumVotes } from './quorum-votes.ts';
import { raggedFiles } from './ragged-files.ts';
import { replicationCases } from './replicas.ts';
import { requestsSideBySide } from './requests-side-by-side.ts';
import { blkdebugLimitCases } from './restricted-requests.ts';
import { blkverifyCases } from './verified-devices.ts';
import { verifiedWrites } from './verified-writes.ts';
import { vhdxLogs } from './vhdx-logs.ts';
import { vmdkExtents } from './vmdk-of-files.ts';

/** Cases that are about a driver: what its options do, what it refuses, and what is read and written through it. */
export const driverCases: readonly CaseDefinition[] = [
  ...nullAndFileCases,
  ...requestsSideBySide,
  ...blkdebugRuleCases,
  ...driverEventCases,
  ...copiedOnRead,
  ...blkdebugLimitCases,
  ...blkdebugFileCases,
  ...blkverifyCases,
  ...verifiedWrites,
  ...quorumCases,
  ...anyRules,
  ...raggedFiles,
  ...filesBelow,
  ...limitsOfOptions,
  ...quorumVotes,
  ...quorumLosers,
  ...quorumFlushes,
  ...quorumChanges,
  ...quorumNames,
  ...nbdNodeCases,
  ...nbdRequestCases,
  ...nbdNameCases,
  ...nbdHandshakeCases,
  ...nbdPatienceCases,
  ...nbdReplyCases,
  ...hostDeviceCases,
  ...networkCases,
  ...replicationCases,
  ...otherFormatCases,
  ...handmadeFormats,
  ...formatLimits,
  ...formatTables,
  ...formatCreations,
  ...formatChildren,
  ...vhdxLogs,
  ...vmdkExtents,
  ...archiveCases,
  ...archiveShapes,
  ...vvfatCases,
  ...directoryDisks,
  ...directoryFat32,
  ...directoryGuests,
  ...directoryWrites,
  ...holesOfRaw,
];
