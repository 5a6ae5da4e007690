/** All requirements, by id. A new theme is one file and one line here. */

import { blkdebug } from './blkdebug.ts';
import { blockResize } from './block_resize.ts';
import { blockCommit } from './block-commit.ts';
import { blockStream } from './block-stream.ts';
import { blockdevAdd } from './blockdev-add.ts';
import { clusterDrivers } from './cluster-drivers.ts';
import { copyJobs } from './copy-jobs.ts';
import { copyOptions } from './copy-options.ts';
import { copyPolicies } from './copy-policies.ts';
import { curlDrivers } from './curl-drivers.ts';
import { dirtyBitmaps } from './dirty-bitmaps.ts';
import { drivers } from './drivers.ts';
import { events } from './events.ts';
import { examples } from './examples.ts';
import { graphChanges } from './graph-changes.ts';
import { guestDevices } from './guest-devices.ts';
import { guestDrives } from './guest-drives.ts';
import { hostDevices } from './host-devices.ts';
import { imageCreation } from './image-creation.ts';
import { imageInfo } from './image-info.ts';
import { images } from './images.ts';
import { iscsiDriver } from './iscsi-driver.ts';
import { jobErrors } from './job-errors.ts';
import { jobs } from './jobs.ts';
import { limits } from './limits.ts';
import { machine } from './machine.ts';
import { nbdNodes } from './nbd-nodes.ts';
import { nbdServer } from './nbd-server.ts';
import { nfsDriver } from './nfs-driver.ts';
import { nodeOptions } from './node-options.ts';
import { otherDrivers } from './other-drivers.ts';
import { protocol } from './protocol.ts';
import { qcow2 } from './qcow2.ts';
import { query } from './query.ts';
import { quorum } from './quorum.ts';
import type { Requirement } from './requirement.ts';
import { schemaRules } from './schema-rules.ts';
import { socketAddresses } from './socket-addresses.ts';
import { sshDriver } from './ssh-driver.ts';
import { throttling } from './throttling.ts';
import { transaction } from './transaction.ts';
import { trays } from './trays.ts';

/** All requirements by id, of every theme. */
export const requirements = {
  ...blkdebug,
  ...blockCommit,
  ...blockStream,
  ...blockResize,
  ...blockdevAdd,
  ...clusterDrivers,
  ...copyJobs,
  ...copyOptions,
  ...curlDrivers,
  ...copyPolicies,
  ...dirtyBitmaps,
  ...drivers,
  ...events,
  ...iscsiDriver,
  ...jobErrors,
  ...jobs,
  ...nfsDriver,
  ...nodeOptions,
  ...protocol,
  ...qcow2,
  ...query,
  ...quorum,
  ...schemaRules,
  ...graphChanges,
  ...guestDevices,
  ...guestDrives,
  ...hostDevices,
  ...imageCreation,
  ...imageInfo,
  ...images,
  ...limits,
  ...machine,
  ...nbdNodes,
  ...otherDrivers,
  ...nbdServer,
  ...sshDriver,
  ...socketAddresses,
  ...throttling,
  ...examples,
  ...transaction,
  ...trays,
} as const satisfies Record<string, Requirement>;

export type RequirementId = keyof typeof requirements;
export type { Requirement };
