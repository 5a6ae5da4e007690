/** What a chain can be used for when a job of it has ended, and what jobs that fail at their end leave. */
import type { JsonObject } from '../../../spec/json.ts';
import { parseQcow2Header } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import {
  addQcow2,
  CHAIN_SIZE,
  CLUSTER,
  chainNodes,
  guestContent,
  makeEmpty,
  release,
} from '../helpers/backing-chains.ts';
import { addFailing, failingFile } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { checkNoJob, completed, jobInfo } from '../helpers/job-steps.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import {
  addNode,
  addRaw,
  fileNodes,
  KiB,
  makeFile,
  needs,
  newFile,
  nodeNames,
  queryList,
  virtualSize,
} from '../helpers/shared-setup.ts';

const ends = { events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'] };

/** Bytes a second that hold nothing back. */
const FAST = 2 ** 30;

/** Adds a node over a full image whose last cluster cannot be read, above a raw one where it is to be committed. */
async function failingAtTheEnd(t: CaseContext, isTop: boolean): Promise<string> {
  const full = Buffer.alloc(CHAIN_SIZE, 0x5a);
  const failsFrom = (offset: number) => ({ event: 'read_aio', errno: 5, sector: offset / 512 });
  if (!isTop) return addFailing(t, await makeFile(t, full), failsFrom(CHAIN_SIZE - CLUSTER));
  const { name: backing } = await addRaw(t, full);
  const clusters = new Map(Array.from({ length: CHAIN_SIZE / CLUSTER }, (_, index) => [index, 0x5a]));
  const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters });
  const own = await makeFile(t, image);
  return addQcow2(t, own, { file: failingFile(own, failsFrom(image.length - CLUSTER)), backing });
}

/** The cases of ends. */
export const endsOfJobs: readonly CaseDefinition[] = [
  {
    id: 'block-commit/base-cut-afterwards',
    title: 'A base that is larger than what was committed into it can be given the smaller size afterwards',
    requirements: ['block-commit/base-resizable', 'block-commit/base-grows'],
    needs: needs(chainNodes, {
      ...ends,
      commands: ['block-commit', 'block-job-complete', 'query-block-jobs', 'block_resize'],
    }),
    async run(t: CaseContext) {
      const { name: base, file } = await addRaw(t, 2 * CHAIN_SIZE);
      const backing = { name: file.path, format: 'raw' };
      const clusters = new Map([[15, 0x44]]);
      const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, backing, clusters });
      const top = await addQcow2(t, await makeFile(t, image), { backing: base });
      const id = t.name('job');
      await t.execute('block-commit', { 'job-id': id, device: top });
      await t.event('BLOCK_JOB_READY', { device: id });
      await t.execute('block-job-complete', { device: id });
      await completed(t, id, 'commit');
      t.equal(await virtualSize(t, base), 2 * CHAIN_SIZE, 'a larger base must keep its size');
      await release(t, [top]);
      await t.execute('block_resize', { 'node-name': base, size: CHAIN_SIZE });
      await release(t, [base]);
      const bytes = await bytesOf(t, file.local);
      t.equal(
        [bytes.length, bytes[15 * CLUSTER] ?? null],
        [CHAIN_SIZE, 0x44],
        'the base must have the smaller size, and all that was committed',
      );
    },
  },
  ...(['drive-backup', 'drive-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/top-without-backing`,
      title: `With sync top ${command} of an image without backing file makes one that has none either`,
      requirements: ['NewImageMode/no-backing'],
      needs: needs(chainNodes, { ...ends, commands: [command, 'block-job-cancel', 'query-block-jobs'] }),
      async run(t: CaseContext) {
        const clusters = new Map([[3, 0x33]]);
        const source = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters }));
        const [device, target, id] = [await addQcow2(t, source), newFile(t), t.name('job')];
        await t.execute(command, {
          'job-id': id,
          device,
          target: target.path,
          format: 'qcow2',
          sync: 'top',
        });
        if (command === 'drive-mirror') {
          await t.event('BLOCK_JOB_READY', { device: id });
          await t.execute('block-job-cancel', { device: id });
        }
        await t.event('BLOCK_JOB_COMPLETED', { device: id });
        t.equal(
          parseQcow2Header(await bytesOf(t, target.local)).backing,
          null,
          'the header of the new image must name no backing file',
        );
        await release(t, [device]);
        t.check(
          (await guestContent(t, target.local)).equals(await guestContent(t, source.local)),
          'the new image must hold what the source does',
          'it holds something else',
        );
      },
    }),
  ),
  ...(['blockdev-mirror', 'drive-mirror'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/filter-generated-name`,
      title: `Without a name for it ${command} has one filter, whose name was generated, as long as it exists`,
      requirements: ['blockdev-mirror/filter-generated-name'],
      needs: needs(fileNodes, { ...ends, commands: [command, 'block-job-cancel'], nodes: ['data'] }),
      async run(t: CaseContext) {
        const device = await addNode(t, { size: 64 * KiB });
        const target =
          command === 'drive-mirror'
            ? { target: newFile(t).path, format: 'raw', 'node-name': t.name('target') }
            : { target: (await addRaw(t, 64 * KiB)).name };
        const before = await nodeNames(t);
        const id = t.name('job');
        await t.execute(command, { 'job-id': id, device, sync: 'full', ...target });
        await t.event('BLOCK_JOB_READY', { device: id });
        const own = new Set([...before, target['node-name']]);
        const added = (await nodeNames(t)).filter((name) => !own.has(name));
        // Below a target that the command opened there is its file.
        const below = command === 'drive-mirror' ? 1 : 0;
        t.equal(added.length, 1 + below, 'a mirror must have one filter node');
        t.check(
          added.every((name) => name.startsWith('#')),
          'a generated node name must begin with # so that no user can have it',
          `they are ${shown(added)}`,
        );
        await t.execute('block-job-cancel', { device: id });
        await completed(t, id, 'mirror');
        t.equal(
          (await nodeNames(t)).toSorted(),
          before.toSorted(),
          'the filter must be gone when the job has ended',
        );
      },
    }),
  ),
  {
    id: 'job-states/aborted',
    title:
      'A job that fails and was started to stay is aborting on its way, and concluded with its error then',
    requirements: ['BlockJobStatus/aborting', 'BlockJobStatus/concluded'],
    needs: needs(fileNodes, {
      commands: ['blockdev-backup', 'query-block-jobs', 'query-jobs', 'block-job-dismiss'],
      events: ['BLOCK_JOB_COMPLETED', 'JOB_STATUS_CHANGE'],
      members: ['blockdev-backup.auto-dismiss'],
      nodes: ['data', 'failing'],
    }),
    async run(t: CaseContext) {
      const device = await addNode(t, { size: 64 * KiB });
      const target = await addFailing(t, await makeFile(t, 64 * KiB), { event: 'write_aio', errno: 5 });
      const id = t.name('job');
      await t.execute('blockdev-backup', {
        'job-id': id,
        device,
        target,
        sync: 'full',
        'auto-dismiss': false,
      });
      await t.event('JOB_STATUS_CHANGE', { id, status: 'aborting' });
      await t.event('JOB_STATUS_CHANGE', { id, status: 'concluded' });
      t.contains(await jobInfo(t, id), { status: 'concluded' }, 'a job that failed must conclude');
      const job = (await queryList(t, 'query-jobs')).find((one) => one.id === id);
      t.check(typeof job?.error === 'string', 'a job that failed must have an error', 'it has none');
      await t.execute('block-job-dismiss', { id });
      await checkNoJob(t, id);
    },
  },
  ...(['blockdev-backup', 'blockdev-mirror', 'block-stream', 'block-commit'] as const).map(
    (command): CaseDefinition => ({
      id: `${command}/failed-at-the-end`,
      title: `A ${command} that fails at its very end tells an offset below its len, and its error`,
      requirements: ['BLOCK_JOB_COMPLETED/progress-of-failed', 'BLOCK_JOB_COMPLETED/speed'],
      needs: needs(chainNodes, {
        commands: [command],
        drivers: ['blkdebug'],
        events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_ERROR'],
      }),
      async run(t: CaseContext) {
        const failing = await failingAtTheEnd(t, command === 'block-commit');
        const id = t.name('job');
        const device =
          command === 'block-stream' ? await addQcow2(t, await makeEmpty(t), { backing: failing }) : failing;
        const copy = command.startsWith('blockdev-') && {
          target: (await addRaw(t, CHAIN_SIZE)).name,
          sync: 'full',
        };
        await t.execute(command, { 'job-id': id, device, speed: FAST, ...copy });
        const { data } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
        const { len, offset, error, speed } = data as JsonObject;
        t.check(typeof error === 'string', 'a job that failed must tell an error', 'it tells none');
        t.equal(speed ?? null, FAST, 'BLOCK_JOB_COMPLETED must tell the limit of the job');
        t.check(
          Number(offset) < Number(len),
          'the offset of a job that failed must be less than its len',
          `it is ${shown(offset)} of ${shown(len)}`,
        );
      },
    }),
  ),
  {
    id: 'x-blockdev-change/gap',
    title: 'A child taken out of a quorum leaves a gap: its name is free, and those of the others stay',
    requirements: ['x-blockdev-change/leaves-gap', 'x-blockdev-change/removes'],
    needs: needs(fileNodes, { commands: ['x-blockdev-change'], drivers: ['quorum'], nodes: ['data'] }),
    async run(t: CaseContext) {
      const children: string[] = [];
      for (let index = 0; index < 4; index += 1) children.push(await addNode(t, { size: 64 * KiB }));
      const parent = t.name('quorum');
      await t.execute('blockdev-add', {
        driver: 'quorum',
        'node-name': parent,
        'vote-threshold': 1,
        children,
      });
      await t.execute('x-blockdev-change', { parent, child: 'children.1' });
      await t.refused('x-blockdev-change', { parent, child: 'children.1' });
      await t.execute('blockdev-del', { 'node-name': children[1]! });
      await t.execute('x-blockdev-change', { parent, child: 'children.3' });
      await t.execute('blockdev-del', { 'node-name': children[3]! });
      for (const index of [0, 2])
        await t.refused('blockdev-del', { 'node-name': children[index]! }, { text: /in use/ });
    },
  },
];
