/** What jobs that copy take as their source and as their target, and what they are called if nobody says. */
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addChain, addImage, CHAIN_SIZE, checkContent, stairs } from '../helpers/backing-chains.ts';
import { pc } from '../helpers/ide-guest.ts';
import { checkNoJob, completed, jobInfo } from '../helpers/job-steps.ts';
import {
  addNode,
  addRaw,
  addRawOver,
  dataNodes,
  fileNodes,
  MiB,
  makeFile,
  needs,
  newFile,
  queryList,
} from '../helpers/shared-setup.ts';
import { COPY_COMMANDS, type CopyCommand, copy, typeOf } from './copy-commands.ts';

const SOURCE = 'copied.img';
const TARGET = 'copy.img';
const SECOND = 'second.img';

/** Drives `d0`, with data, `d1` and `d2`, without; `d0` uses node `copied`, `d2` node `second`. */
const drives: Topology = {
  name: 'copied-drives',
  images: [
    { path: SOURCE, format: 'raw', size: CHAIN_SIZE, fill: [{ offset: 0, length: CHAIN_SIZE, byte: 0x11 }] },
    { path: TARGET, format: 'raw', size: CHAIN_SIZE },
    { path: SECOND, format: 'raw', size: CHAIN_SIZE },
  ],
  options: [
    '-drive',
    `if=none,id=d0,file=@DIR@/${SOURCE},format=raw,node-name=copied`,
    '-drive',
    `if=none,id=d1,file=@DIR@/${TARGET},format=raw`,
    '-drive',
    `if=none,id=d2,file=@DIR@/${SECOND},format=raw,node-name=second`,
  ],
  monitors: 1,
};

/** A guest has node `attached` as its disk. */
const attached = pc(
  'disk-of-a-guest',
  [],
  ['-blockdev', `driver=null-co,size=${MiB},node-name=attached`, '-device', 'virtio-blk-pci,drive=attached'],
);

const events = ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED', 'BLOCK_JOB_READY'];
const jobs = (command: string): Needs =>
  needs(fileNodes, {
    commands: [command, 'query-block-jobs', 'block-job-cancel'],
    drivers: ['qcow2'],
    events,
  });

/** Options with which a job of any of the commands waits for good for what is written, with a target of its own. */
async function waiting(t: CaseContext, command: CopyCommand): Promise<JsonObject> {
  const target = command.startsWith('drive-')
    ? { target: newFile(t).path, format: 'qcow2' }
    : { target: (await addRaw(t, CHAIN_SIZE)).name };
  return { ...target, sync: 'none' };
}

/** Ends a job that waits. */
async function ended(t: CaseContext, command: CopyCommand, id: string): Promise<void> {
  const isMirror = typeOf(command) === 'mirror';
  if (isMirror) await t.event('BLOCK_JOB_READY', { device: id });
  await t.execute('block-job-cancel', { device: id });
  await t.event(isMirror ? 'BLOCK_JOB_COMPLETED' : 'BLOCK_JOB_CANCELLED', { device: id });
}

function ofCommand(command: CopyCommand): CaseDefinition[] {
  return [
    {
      id: `${command}/default-job-id`,
      title: `Without job-id the job of ${command} is called as the device, whether that or its node was named`,
      requirements: [`${command}/job-id-default`, `${command}/root-only`],
      needs: jobs(command),
      topology: drives,
      async run(t: CaseContext) {
        for (const device of ['d0', 'copied']) {
          await t.execute(command, { device, ...(await waiting(t, command)) });
          t.contains(
            await jobInfo(t, 'd0'),
            { type: typeOf(command) },
            'a job without job-id must have the name of the device',
          );
          await ended(t, command, 'd0');
        }
      },
    },
    {
      id: `${command}/no-default-job-id`,
      title: `Without job-id ${command} of a node that no device uses is refused; with one it starts`,
      requirements: [`${command}/job-id-default`],
      needs: jobs(command),
      async run(t: CaseContext) {
        const args = { device: (await addImage(t)).node, ...(await waiting(t, command)) };
        await t.refused(command, args, { text: /job ID|invalid id/i });
        t.equal(await queryList(t, 'query-block-jobs'), [], 'a refused command must start no job');
        const id = t.name('job');
        await t.execute(command, { 'job-id': id, ...args });
        await jobInfo(t, id);
        await ended(t, command, id);
      },
    },
    {
      id: `${command}/not-a-root`,
      title: `${command} of a node below another, as its backing file or its file, is refused; of the one above it starts`,
      requirements: [`${command}/root-only`],
      needs: jobs(command),
      async run(t: CaseContext) {
        const [below, top] = await addChain(t, 2);
        const file = t.name('file');
        const image = await makeFile(t, CHAIN_SIZE);
        await addRawOver(t, image, { file: { driver: 'file', 'node-name': file, filename: image.path } });
        const args = { 'job-id': t.name('job'), ...(await waiting(t, command)) };
        for (const device of [below!.node, file]) {
          await t.refused(command, { ...args, device });
          await checkNoJob(t, args['job-id']);
        }
        await t.execute(command, { ...args, device: top!.node });
        await jobInfo(t, args['job-id']);
        await ended(t, command, args['job-id']);
      },
    },
  ];
}

/** States that a command refuses sync incremental, which is none of its modes, and starts a job with another. */
async function refusesIncremental(t: CaseContext, command: CopyCommand): Promise<void> {
  const { node: device } = await addImage(t);
  const args = { 'job-id': t.name('job'), device, ...(await waiting(t, command)) };
  await t.refused(command, { ...args, sync: 'incremental' });
  await checkNoJob(t, args['job-id']);
  await t.execute(command, args);
  await jobInfo(t, args['job-id']);
  await ended(t, command, args['job-id']);
}

/** Has a drive copied to two others, which are named in one way each, and states that their images hold the copy. */
async function ontoDrives(t: CaseContext, run: (args: JsonObject) => Promise<void>): Promise<void> {
  for (const [target, image] of [
    ['d1', TARGET],
    ['second', SECOND],
  ] as const) {
    await run({ device: 'd0', target });
    const file = { path: `${t.dir}/${image}`, local: join(t.scratch, image) };
    await checkContent(t, file, stairs(1), `the image of ${target}`);
  }
}

/** The cases of sources and targets. */
export const sourceAndTargetCases: readonly CaseDefinition[] = [
  ...COPY_COMMANDS.flatMap(ofCommand),
  ...(['blockdev-backup', 'blockdev-mirror', 'drive-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/incremental-refused`,
      title: `${command} refuses sync incremental, which is none of its modes`,
      requirements: [`${command}/sync-modes`],
      needs: jobs(command),
      run: (t: CaseContext) => refusesIncremental(t, command),
    }),
  ),
  {
    id: 'blockdev-backup/onto-a-drive',
    title:
      'The target of a backup may be a drive by its name, or by that of its node; its image holds the copy',
    requirements: ['blockdev-backup/target-by-device'],
    needs: jobs('blockdev-backup'),
    topology: drives,
    fresh: true,
    run: (t: CaseContext) => ontoDrives(t, (args) => copy(t, 'blockdev-backup', args)),
  },
  {
    id: 'transaction/backup-onto-a-drive',
    title: 'The target of a backup of a transaction may be a drive by its name, or by that of its node',
    requirements: ['blockdev-backup/target-by-device', 'transaction/does-all'],
    needs: needs(jobs('blockdev-backup'), { commands: ['transaction'] }),
    topology: drives,
    fresh: true,
    run: (t: CaseContext) =>
      ontoDrives(t, async (args) => {
        const id = t.name('job');
        const data = { 'job-id': id, sync: 'full', ...args };
        await t.execute('transaction', { actions: [{ type: 'blockdev-backup', data }] });
        await completed(t, id, 'backup');
      }),
  },
  ...(['blockdev-backup', 'blockdev-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/target-attached`,
      title: `${command} refuses a target that a guest has as its disk, and takes one that none has`,
      requirements: [`${command}/target-attached`],
      needs: needs(dataNodes, {
        commands: [command, 'query-block-jobs', 'block-job-cancel'],
        events,
      }),
      topology: attached,
      async run(t: CaseContext) {
        const args = { 'job-id': t.name('job'), device: await addNode(t), sync: 'none' };
        await t.refused(command, { ...args, target: 'attached' });
        await checkNoJob(t, args['job-id']);
        await t.execute(command, { ...args, target: await addNode(t) });
        await jobInfo(t, args['job-id']);
        await ended(t, command, args['job-id']);
      },
    }),
  ),
];
