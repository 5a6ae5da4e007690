/** The block drivers of the reference. What the endpoint advertises as `BlockdevDriver` is this table, and `unbuilt`. */

import type { BlockdevDriver } from '../../spec/generated/qmp.ts';
import { bochs } from './archives/bochs.ts';
import { cloop } from './archives/cloop.ts';
import { dmg } from './archives/dmg.ts';
import { blkdebug } from './blkdebug/index.ts';
import { blkverify } from './blkverify.ts';
import type { Drivers } from './driver.ts';
import { file, hostCdrom, hostDevice } from './file.ts';
import { iscsi } from './iscsi/index.ts';
import { luks } from './luks.ts';
import { nbd } from './nbd/nbd-driver.ts';
import { nfs } from './nfs/index.ts';
import { nullAio, nullCo } from './null.ts';
import { nvme } from './nvme.ts';
import { parallels } from './parallels/index.ts';
import { qcow } from './qcow/index.ts';
import { qcow2 } from './qcow2/index.ts';
import { qed } from './qed/index.ts';
import { quorum } from './quorum/index.ts';
import { raw } from './raw-format.ts';
import { replication } from './replication.ts';
import { sheepdog } from './sheepdog.ts';
import { ssh } from './ssh/index.ts';
import { throttle } from './throttle.ts';
import { ftp, ftps, http, https } from './url/index.ts';
import { vdi } from './vdi/index.ts';
import { vhdx } from './vhdx/index.ts';
import { vmdk } from './vmdk/index.ts';
import { vpc } from './vpc/index.ts';
import { vvfat } from './vvfat/index.ts';

/** All drivers by name; of them `nvme` and `sheepdog` come to nothing, and say why. */
export const drivers = {
  blkdebug,
  blkverify,
  bochs,
  cloop,
  dmg,
  file,
  ftp,
  ftps,
  host_cdrom: hostCdrom,
  host_device: hostDevice,
  http,
  https,
  iscsi,
  luks,
  nbd,
  nfs,
  'null-aio': nullAio,
  'null-co': nullCo,
  nvme,
  parallels,
  qcow,
  qcow2,
  qed,
  quorum,
  raw,
  replication,
  sheepdog,
  ssh,
  throttle,
  vdi,
  vhdx,
  vmdk,
  vpc,
  vvfat,
} satisfies Drivers;

/** Advertised all the same, as by an endpoint that was built without them: their options are checked, then they are unknown. */
export const unbuilt = ['gluster', 'rbd', 'vxhs'] as const satisfies readonly BlockdevDriver[];
