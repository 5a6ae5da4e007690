/** All cases of guest devices, where the case is the guest's CPU. */
import type { CaseDefinition } from '../case.ts';
import { attachedDevices } from './attached-devices.ts';
import { changedMedia } from './changed-media.ts';
import { diskForms } from './disk-forms.ts';
import { eachMedium } from './each-medium.ts';
import { eachTray } from './each-tray.ts';
import { failedFlushes } from './failed-flushes.ts';
import { idePorts } from './ide-ports.ts';
import { ioErrors } from './io-errors.ts';
import { keptByDrives } from './kept-by-drives.ts';
import { lateMedia } from './late-media.ts';
import { media } from './media.ts';
import { orderOfStops } from './order-of-stops.ts';
import { otherModels } from './other-models.ts';
import { policiesOfDrives } from './policies-of-drives.ts';
import { removableDisks } from './removable-disks.ts';
import { severalStopped } from './several-stopped.ts';
import { sharedNodes } from './shared-nodes.ts';
import { statistics } from './statistics.ts';
import { stopsAgain } from './stops-again.ts';
import { supersededChange } from './superseded-change.ts';
import { toldOfDevices } from './told-of-devices.ts';
import { trays } from './trays.ts';
import { unplugged } from './unplugged.ts';
import { withoutDrives } from './without-drives.ts';
import { writtenThrough } from './written-through.ts';

/** In the order of the files. */
export const guestDeviceCases: readonly CaseDefinition[] = [
  ...attachedDevices,
  ...withoutDrives,
  ...statistics,
  ...ioErrors,
  ...orderOfStops,
  ...severalStopped,
  ...policiesOfDrives,
  ...writtenThrough,
  ...trays,
  ...media,
  ...changedMedia,
  ...supersededChange,
  ...idePorts,
  ...diskForms,
  ...toldOfDevices,
  ...otherModels,
  ...sharedNodes,
  ...keptByDrives,
  ...failedFlushes,
  ...unplugged,
  ...eachTray,
  ...eachMedium,
  ...removableDisks,
  ...lateMedia,
  ...stopsAgain,
];
