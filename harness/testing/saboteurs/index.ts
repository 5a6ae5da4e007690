/** All saboteurs. */
import { accessTimes } from './access-times.ts';
import { argumentForms } from './argument-forms.ts';
import { bitmaps } from './bitmaps.ts';
import { chains } from './chains.ts';
import { clusterNodes } from './cluster-nodes.ts';
import { copies } from './copies.ts';
import { data } from './data.ts';
import { describedImages } from './described-images.ts';
import { directories } from './directories.ts';
import { diskForms } from './disk-forms.ts';
import { drawn1 } from './drawn-1.ts';
import { drawn2 } from './drawn-2.ts';
import { drivers } from './drivers.ts';
import { encryption } from './encrypted-data.ts';
import { ends } from './ends.ts';
import { errors } from './errors.ts';
import { events } from './events.ts';
import { exports } from './exports.ts';
import { formats } from './formats.ts';
import { graph } from './graph.ts';
import { guests } from './guests.ts';
import { imageGuards } from './image-guards.ts';
import { imageTables } from './image-tables.ts';
import { images } from './images.ts';
import { inputForms } from './input-forms.ts';
import { interruptedJobs } from './interrupted-jobs.ts';
import { iscsiUnits } from './iscsi-units.ts';
import { jobs } from './jobs.ts';
import { lateMedia } from './late-media.ts';
import { laterLives } from './later-lives.ts';
import { limits } from './limits.ts';
import { media } from './media.ts';
import { mirrors } from './mirrors.ts';
import { nfs } from './nfs.ts';
import { nodeData } from './node-data.ts';
import { otherFormats } from './other-formats.ts';
import { otherSituations } from './other-situations.ts';
import { permissionRules } from './permission-rules.ts';
import { refusals } from './refusals.ts';
import { replies } from './replies.ts';
import { requestPaths } from './request-paths.ts';
import { residues } from './residues.ts';
import type { Saboteur } from './saboteur.ts';
import { secondMedia } from './second-media.ts';
import { secondSituations } from './second-situations.ts';
import { secondStops } from './second-stops.ts';
import { sshNodes } from './ssh-nodes.ts';
import { statistics } from './statistics.ts';
import { storedBitmaps } from './stored-bitmaps.ts';
import { throttleMembers } from './throttle-members.ts';
import { timing } from './timing.ts';
import { transactions } from './transactions.ts';
import { urlNodes } from './url-nodes.ts';
import { wire } from './wire.ts';

/** All saboteurs, in groups. A new group is one file and one line here. */
export const saboteurs: readonly Saboteur[] = [
  ...accessTimes,
  ...argumentForms,
  ...bitmaps,
  ...chains,
  ...clusterNodes,
  ...copies,
  ...data,
  ...describedImages,
  ...directories,
  ...diskForms,
  ...drawn1,
  ...drawn2,
  ...drivers,
  ...encryption,
  ...ends,
  ...errors,
  ...events,
  ...exports,
  ...formats,
  ...graph,
  ...guests,
  ...imageGuards,
  ...imageTables,
  ...images,
  ...inputForms,
  ...interruptedJobs,
  ...iscsiUnits,
  ...jobs,
  ...lateMedia,
  ...laterLives,
  ...limits,
  ...media,
  ...mirrors,
  ...nfs,
  ...nodeData,
  ...otherFormats,
  ...otherSituations,
  ...permissionRules,
  ...refusals,
  ...replies,
  ...requestPaths,
  ...residues,
  ...secondMedia,
  ...secondSituations,
  ...secondStops,
  ...sshNodes,
  ...statistics,
  ...storedBitmaps,
  ...throttleMembers,
  ...timing,
  ...transactions,
  ...urlNodes,
  ...wire,
];
