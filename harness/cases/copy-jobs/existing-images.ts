/** Targets that are there before drive-backup and drive-mirror name them: what becomes of the file, and in which format it is written. */
import { link } from 'node:fs/promises';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import {
  addImage,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  checkContent,
  makeEmpty,
  makeLayers,
  stairClusters,
  stairs,
} from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { isQcow2 } from '../helpers/qcow2-image.ts';
import { type CaseFile, fileNodes, makeFile, needs } from '../helpers/shared-setup.ts';
import { type CopyCommand, copy, eventsOf } from './copy-commands.ts';

const COMMANDS = ['drive-backup', 'drive-mirror'] as const;

const jobs = (command: CopyCommand): Needs =>
  needs(fileNodes, {
    commands: [command, 'block-job-cancel'],
    drivers: ['qcow2'],
    events: eventsOf(command),
  });

/** Of an image whose second half reads as zeroes, so that a copy has nothing to write there. */
const HALF_EMPTY = { size: CHAIN_SIZE, clusterSize: CLUSTER, clusters: stairClusters(1) };

/** Copies an image onto a file, and waits until nobody has it open any more. */
async function copyOnto(
  t: CaseContext,
  command: CopyCommand,
  target: CaseFile,
  options: JsonObject,
): Promise<void> {
  const { node: device } = await addImage(t);
  await copy(t, command, { device, target: target.path, ...options });
}

/** The cases of targets that are there. */
export const existingImageCases: readonly CaseDefinition[] = COMMANDS.flatMap((command): CaseDefinition[] => [
  {
    id: `${command}/file-is-there`,
    title: `Without mode ${command} makes its image in the file that is there, which keeps none of its bytes`,
    requirements: [`${command}/existing-file`],
    needs: jobs(command),
    async run(t: CaseContext) {
      for (const format of ['raw', 'qcow2'])
        for (const size of [CHAIN_SIZE / 2, CHAIN_SIZE, 2 * CHAIN_SIZE]) {
          const [source] = await makeLayers(t, [HALF_EMPTY]);
          const target = await makeFile(t, Buffer.alloc(size, 0x55));
          const sameFile = { path: '', local: `${target.local}.link` };
          await link(target.local, sameFile.local);
          await copy(t, command, { device: await addQcow2(t, source!), target: target.path, format });
          await checkContent(t, sameFile, stairs(2, 1), 'the file that was there');
          t.check(
            !(await bytesOf(t, target.local)).includes(Buffer.alloc(512, 0x55)),
            'the file that was there must keep nothing of what it held',
            'it does',
          );
        }
    },
  },
  {
    id: `${command}/existing-probed`,
    title: `With mode existing and no format ${command} writes a qcow2 image as such, and a file of zeroes as raw`,
    requirements: [`${command}/existing-format`],
    needs: jobs(command),
    async run(t: CaseContext) {
      for (const format of ['qcow2', 'raw'] as const) {
        const target = await makeEmpty(t, format);
        await copyOnto(t, command, target, { mode: 'existing' });
        t.equal(
          isQcow2(await bytesOf(t, target.local)),
          format === 'qcow2',
          `a target that was ${format} must be so afterwards`,
        );
        await checkContent(t, target, stairs(1), `the ${format} target`);
      }
    },
  },
]);
