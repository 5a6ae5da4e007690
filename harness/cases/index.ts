/** All hand-written cases. A new theme is one file and one line here. */

import { backup } from './backup.ts';
import { bitmapCases } from './bitmaps/index.ts';
import { blockResize } from './block_resize.ts';
import { blockCommit } from './block-commit.ts';
import { blockJob } from './block-job.ts';
import { blockStream } from './block-stream.ts';
import { blockdevAdd } from './blockdev-add.ts';
import type { CaseDefinition } from './case.ts';
import { changesThatFail } from './changes-that-fail.ts';
import { children } from './children.ts';
import { commandLineValues } from './command-line-values.ts';
import { copyJobCases } from './copy-jobs/index.ts';
import { describedNodes } from './described-nodes.ts';
import { describedTrees } from './described-trees.ts';
import { devices } from './devices.ts';
import { dirtyBitmaps } from './dirty-bitmaps.ts';
import { driveQueries } from './drive-queries.ts';
import { driveStatistics } from './drive-statistics.ts';
import { driverCases } from './drivers/index.ts';
import { driveCases } from './drives/index.ts';
import { envelope } from './envelope.ts';
import { eventTimes } from './event-times.ts';
import { exampleCases } from './examples/index.ts';
import { exportsInUse } from './exports-in-use.ts';
import { freshStatistics } from './fresh-statistics.ts';
import { graphChanges } from './graph-changes.ts';
import { graphJobs } from './graph-jobs/index.ts';
import { greeting } from './greeting.ts';
import { guestDeviceCases } from './guest-devices/index.ts';
import { guestIo } from './guest-io.ts';
import { imageCases } from './images/index.ts';
import { integerTypes } from './integer-types.ts';
import { integers } from './integers.ts';
import { internalSnapshotNames } from './internal-snapshot-names.ts';
import { internalSnapshots } from './internal-snapshots.ts';
import { introspection } from './introspection.ts';
import { jobVerbs } from './job-verbs/index.ts';
import { jobs } from './jobs.ts';
import { jsonCases } from './json/index.ts';
import { leftByClients } from './left-by-clients.ts';
import { leftOverMembers } from './left-over-members.ts';
import { limitCases } from './limits.ts';
import { listeningAddresses } from './listening-addresses.ts';
import { luksCases } from './luks/index.ts';
import { machineStates } from './machine-state.ts';
import { mirror } from './mirror.ts';
import { monitorRequests } from './monitor-requests.ts';
import { namedDrives } from './named-drives.ts';
import { nbdExportCases } from './nbd-export/index.ts';
import { nbdServerCases } from './nbd-server.ts';
import { nbdWithTls } from './nbd-with-tls.ts';
import { nodeOptionCases } from './node-options/index.ts';
import { nodeUserCases } from './node-users/index.ts';
import { protocolHabits } from './protocol-habits.ts';
import { qcow2Nodes } from './qcow2-nodes.ts';
import { queries } from './queries.ts';
import { raw } from './raw-bytes.ts';
import { relationCases } from './relations.ts';
import { schemaForms } from './schema-forms.ts';
import { sessions } from './sessions.ts';
import { sinceCases } from './since.ts';
import { snapshotCases } from './snapshots.ts';
import { socketAddresses } from './socket-addresses.ts';
import { socketMonitorCases } from './socket-monitors.ts';
import { statisticsOfIntervals } from './statistics-of-intervals.ts';
import { statisticsOverMedia } from './statistics-over-media.ts';
import { stressCases } from './stress/index.ts';
import { syntax } from './syntax.ts';
import { throttling } from './throttling/index.ts';
import { transactionCases } from './transaction.ts';
import { transactions } from './transactions/index.ts';
import { unknownReferences } from './unknown-references.ts';
import { windowsOfIntervals } from './windows-of-intervals.ts';

/** All hand-written cases. Ids are unique; `derived/` is for the others. */
export const cases: readonly CaseDefinition[] = [
  ...greeting,
  ...envelope,
  ...protocolHabits,
  ...syntax,
  ...integers,
  ...leftOverMembers,
  ...schemaForms,
  ...integerTypes,
  ...jsonCases,
  ...sessions,
  ...leftByClients,
  ...eventTimes,
  ...introspection,
  ...sinceCases,
  ...blockdevAdd,
  ...children,
  ...unknownReferences,
  ...nodeOptionCases,
  ...driverCases,
  ...raw,
  ...blockResize,
  ...dirtyBitmaps,
  ...bitmapCases,
  ...queries,
  ...describedNodes,
  ...devices,
  ...driveQueries,
  ...driveStatistics,
  ...statisticsOfIntervals,
  ...statisticsOverMedia,
  ...windowsOfIntervals,
  ...freshStatistics,
  ...monitorRequests,
  ...namedDrives,
  ...commandLineValues,
  ...driveCases,
  ...guestIo,
  ...guestDeviceCases,
  ...machineStates,
  ...snapshotCases,
  ...stressCases,
  ...graphChanges,
  ...changesThatFail,
  ...qcow2Nodes,
  ...internalSnapshots,
  ...internalSnapshotNames,
  ...imageCases,
  ...describedTrees,
  ...luksCases,
  ...limitCases,
  ...throttling,
  ...exampleCases,
  ...blockJob,
  ...jobs,
  ...jobVerbs,
  ...blockStream,
  ...blockCommit,
  ...graphJobs,
  ...mirror,
  ...backup,
  ...copyJobCases,
  ...transactionCases,
  ...transactions,
  ...relationCases,
  ...nbdServerCases,
  ...nbdExportCases,
  ...nbdWithTls,
  ...exportsInUse,
  ...nodeUserCases,
  ...socketAddresses,
  ...socketMonitorCases,
  ...listeningAddresses,
];
