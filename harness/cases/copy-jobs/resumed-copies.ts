/** What a copy was asked for holds as well after it was paused and resumed. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addLayers,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  makeLayers,
  release,
  stairClusters,
} from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { jobInfo, succeeded } from '../helpers/job-steps.ts';
import { addRaw, needs } from '../helpers/shared-setup.ts';
import { eventsOf, readyToEnd, typeOf } from './copy-commands.ts';
import { interruptions } from './interruptions.ts';

/** The lower image is full; the upper one has its beginning and its end, which nobody copies in one go. */
const IMAGES = [
  { size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: stairClusters(0) },
  {
    size: CHAIN_SIZE,
    clusterSize: CLUSTER,
    clusters: new Map([0, 1, 2, 3, 12, 13, 14, 15].map((index) => [index, 0x22])),
  },
];

/** Copies of the upper image that last until they are paused. */
const COPIES = [
  {
    command: 'blockdev-backup',
    sync: 'top',
    asked: { speed: 1 },
    requirement: 'blockdev-backup/sync-top',
  },
  {
    command: 'blockdev-backup',
    sync: 'full',
    asked: { speed: 1 },
    requirement: 'blockdev-backup/copies',
  },
  {
    command: 'blockdev-mirror',
    sync: 'top',
    asked: { speed: 1, granularity: CLUSTER, 'buf-size': CLUSTER },
    requirement: 'blockdev-mirror/sync-top',
  },
] as const;

export const resumedCopies: readonly CaseDefinition[] = COPIES.map(
  ({ command, sync, asked, requirement }): CaseDefinition => ({
    id: `${command}/${sync}-resumed`,
    title: `A ${typeOf(command)} with sync ${sync} that was paused and resumed copies what it would have copied without`,
    requirements: [requirement, 'block-job-resume/resumes'],
    needs: needs(chainNodes, interruptions, { commands: [command], events: eventsOf(command) }),
    async run(t: CaseContext) {
      const copy = async (isPaused: boolean): Promise<Buffer> => {
        const layers = await addLayers(t, await makeLayers(t, IMAGES));
        const { name: target, file } = await addRaw(t, CHAIN_SIZE);
        const id = t.name('job');
        const args: JsonObject = { 'job-id': id, device: layers[1]!.node, target, sync, ...asked };
        await t.execute(command, args);
        if (isPaused) await t.execute('block-job-pause', { device: id });
        t.contains(await jobInfo(t, id), { paused: isPaused }, 'the job must be paused if it is told to');
        await t.execute('block-job-set-speed', { device: id, speed: 0 });
        if (isPaused) await t.execute('block-job-resume', { device: id });
        await readyToEnd(t, typeOf(command), id);
        await succeeded(t, id, typeOf(command));
        await release(t, [...layers.map(({ node }) => node), target]);
        return bytesOf(t, file.local);
      };
      const [expected, got] = [await copy(false), await copy(true)];
      t.check(
        got.equals(expected),
        'the target must hold what it would without a pause',
        'it holds something else',
      );
    },
  }),
);
