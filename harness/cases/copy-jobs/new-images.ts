/** The images that drive-mirror and drive-backup make: what each sync mode puts below them, and what into them. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  addChain,
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  checkContent,
  guestContent,
  makeChain,
  readImage,
  release,
  stairs,
} from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { cancelled, completed, endedReady } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addRawOver,
  makeFile,
  needs,
  newFile,
  nodeInfo,
  nodeNames,
  queryList,
} from '../helpers/shared-setup.ts';

/** Of the chain that is copied: how deep it is, and what a new image has below it and of its own. */
interface Copy {
  readonly sync: 'full' | 'top' | 'none';
  readonly depth: 1 | 3;
  /** The layer that it stands on, from the bottom; null for none. */
  readonly below: number | null;
  /** Indexes of its own quarters that hold data. */
  readonly own: readonly number[];
}

const COPIES: readonly Copy[] = [
  { sync: 'full', depth: 3, below: null, own: [0, 1, 2, 3] },
  { sync: 'top', depth: 3, below: 1, own: [0, 1] },
  { sync: 'none', depth: 3, below: 2, own: [] },
  { sync: 'full', depth: 1, below: null, own: [0, 1, 2, 3] },
  { sync: 'top', depth: 1, below: null, own: [0, 1, 2, 3] },
  { sync: 'none', depth: 1, below: 0, own: [] },
];

/** What is written in one go, and what a cluster of a new image has by default. */
const QUARTER = CHAIN_SIZE / 4;

type Command = 'drive-mirror' | 'drive-backup';

/** What a case uses that starts such jobs and has them end. */
const jobsOf = (command: Command) =>
  needs(chainNodes, {
    commands: [command, 'block-job-cancel', 'query-block-jobs'],
    events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_READY'],
  });

/** Has a job end, a mirror when it is ready, and a backup that only waits for writes at once. */
async function ended(t: CaseContext, command: Command, sync: Copy['sync'], id: string): Promise<void> {
  if (command === 'drive-mirror') {
    await t.event('BLOCK_JOB_READY', { device: id });
    await endedReady(t, id);
  } else if (sync === 'none') await cancelled(t, id);
  else await t.event('BLOCK_JOB_COMPLETED', { device: id });
}

function newImages(command: Command): CaseDefinition {
  const isMirror = command === 'drive-mirror';
  return {
    id: `${command}/new-images`,
    title: `A new image of ${command} stands on what its sync mode leaves out, and holds the rest itself`,
    requirements: isMirror
      ? ['drive-mirror/creates-target', 'drive-mirror/sync']
      : ['drive-backup/creates-target', 'drive-backup/sync'],
    needs: jobsOf(command),
    async run(t: CaseContext) {
      for (const { sync, depth, below, own } of COPIES) {
        // A backup opens the file below anew, which a node that may write it does not let it.
        if (sync === 'top' && !isMirror) continue;
        const layers = await addChain(t, depth);
        const before = await nodeNames(t);
        const [target, id] = [newFile(t), t.name('job')];
        const device = layers.at(-1)!.node;
        await t.execute(command, { 'job-id': id, device, sync, target: target.path, format: 'qcow2' });
        await ended(t, command, sync, id);
        t.equal(
          (await nodeNames(t)).toSorted(),
          before.toSorted(),
          `the nodes of a target of sync ${sync} must go with the job`,
        );
        await release(
          t,
          layers.map(({ node }) => node),
        );
        const image = await readImage(t, target);
        t.equal(image.size, CHAIN_SIZE, 'a new image must be as long as the node');
        t.equal(
          image.backing,
          below === null ? null : layers[below]!.file.path,
          `a new image of sync ${sync} must stand on what is left out`,
        );
        t.equal(
          image.backingFormat,
          below === null ? null : 'qcow2',
          'a new image must say the format of what it stands on',
        );
        const quarters = [0, 1, 2, 3].filter(
          (quarter) => image.cluster((quarter * QUARTER) / image.clusterSize) !== null,
        );
        t.equal(
          quarters,
          [...own],
          `a new image of sync ${sync} must hold what is not left out, and nothing else`,
        );
        t.check(
          (await guestContent(t, target.local)).equals(stairs(depth)),
          'a guest must read of the new image what the node has',
          'it reads something else',
        );
      }
    },
  };
}

/** The cases of new images of both commands, and of what is below one that was there. */
export const newImageCases: readonly CaseDefinition[] = [
  newImages('drive-mirror'),
  newImages('drive-backup'),
  ...(['drive-mirror', 'drive-backup'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/new-image-of-raw`,
      title: `A new image that ${command} puts on a raw node says that this is raw, and the source may be read-only`,
      requirements: [`${command}/creates-target`, `${command}/sync`],
      needs: jobsOf(command),
      async run(t: CaseContext) {
        const source = await makeFile(t, stairs(1));
        for (const readOnly of [false, true])
          for (const sync of ['none', 'full'] as const) {
            const [target, id] = [newFile(t), t.name('job')];
            const device = await addRawOver(t, source, { 'read-only': readOnly });
            const args = { 'job-id': id, device, sync, target: target.path, format: 'qcow2' };
            await t.execute(command, args);
            await ended(t, command, sync, id);
            await release(t, [device]);
            const { backing, backingFormat } = await readImage(t, target);
            t.equal(
              [backing, backingFormat],
              sync === 'none' ? [source.path, 'raw'] : [null, null],
              `a new image of sync ${sync} must name what it stands on, and its format`,
            );
            await checkContent(t, target, stairs(1), 'the new image');
          }
      },
    }),
  ),
  {
    id: 'drive-backup/none-reads-the-source',
    title: 'While a backup with sync none runs the source is the backing node of its target',
    requirements: ['drive-backup/sync'],
    needs: needs(chainNodes, {
      commands: ['drive-backup', 'block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const [, top] = await addChain(t, 2);
      const [target, id] = [newFile(t), t.name('job')];
      const before = await nodeNames(t);
      const args = { 'job-id': id, device: top!.node, target: target.path, format: 'qcow2' };
      await t.execute('drive-backup', { ...args, sync: 'none' });
      const made = (await queryList(t, 'query-named-block-nodes')).find(
        (node) => node.drv === 'qcow2' && !before.includes(String(node['node-name'])),
      );
      t.contains(
        made ?? {},
        { backing_file_depth: 2, image: { 'backing-image': { filename: top!.file.path } } },
        'the target must have the source and what is below it under it',
      );
      await cancelled(t, id);
    },
  },
  {
    id: 'drive-backup/top-overwrites-all',
    title: 'With sync top an image without a backing file is copied whole, over what the target held',
    requirements: ['drive-backup/sync'],
    needs: needs(chainNodes, { commands: ['drive-backup'], events: ['BLOCK_JOB_COMPLETED'] }),
    async run(t: CaseContext) {
      const clusters = new Map([[5, 0x22]]);
      const image = { size: CHAIN_SIZE, clusterSize: CLUSTER };
      const device = await addQcow2(t, await makeFile(t, buildQcow2({ ...image, clusters })));
      const target = await makeFile(t, Buffer.alloc(CHAIN_SIZE, 0x55));
      const args = { 'job-id': t.name('job'), device, sync: 'top', target: target.path };
      await t.execute('drive-backup', { ...args, format: 'raw', mode: 'existing' });
      await completed(t, args['job-id'], 'backup');
      const whole = Buffer.alloc(CHAIN_SIZE).fill(0x22, 5 * CLUSTER, 6 * CLUSTER);
      t.check(
        (await bytesOf(t, target.local)).equals(whole),
        'the target must be as the source',
        'it is not',
      );
    },
  },
  {
    id: 'drive-mirror/existing-stands-on-its-own',
    title: 'After complete an image that was there stands on the backing file that its own header names',
    requirements: ['drive-mirror/existing'],
    needs: needs(chainNodes, {
      commands: ['drive-mirror', 'block-job-complete'],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'],
    }),
    async run(t: CaseContext) {
      const [, top] = await addChain(t, 2);
      const [copy] = await makeChain(t, 1);
      const backing = { name: copy!.path, format: 'qcow2' };
      const target = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing }));
      const [id, node] = [t.name('job'), t.name('target')];
      await t.execute('drive-mirror', {
        'job-id': id,
        device: top!.node,
        sync: 'top',
        mode: 'existing',
        format: 'qcow2',
        target: target.path,
        'node-name': node,
      });
      await t.event('BLOCK_JOB_READY', { device: id });
      // Somebody has to hold the target when the job is over: who reads the source goes on to read it.
      await t.execute('blockdev-add', {
        driver: 'raw',
        'node-name': t.name('reader'),
        file: top!.node,
        'read-only': true,
      });
      await t.execute('block-job-complete', { device: id });
      await t.event('BLOCK_JOB_COMPLETED', { device: id });
      t.contains(
        await nodeInfo(t, node),
        { backing_file: copy!.path, backing_file_depth: 1 },
        'the target must stand on the file that its header names',
      );
    },
  },
];
