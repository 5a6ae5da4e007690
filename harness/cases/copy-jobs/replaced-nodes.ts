/** `replaces`: the node whose place the target of a mirror takes when it completes. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { cancelled, checkNoJob, completed } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import {
  addRaw,
  type CaseFile,
  checkAbsent,
  fileNodes,
  KiB,
  makeFile,
  needs,
  newFile,
  nodeNames,
} from '../helpers/shared-setup.ts';

const SIZE = 256 * KiB;
const PART = 64 * KiB;

const mirrors = (command: string) =>
  needs(fileNodes, nodeIo, {
    commands: [command, 'block-job-cancel', 'block-job-complete', 'query-block-jobs'],
    events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_READY'],
  });

/** Adds a raw node over a file that is full of a byte. */
const disk = (t: CaseContext, byte: number) => addRaw(t, Buffer.alloc(SIZE, byte));

/** A quorum of three disks, of which the last holds something else. */
async function quorum(
  t: CaseContext,
): Promise<{ node: string; children: readonly string[]; files: readonly CaseFile[] }> {
  const disks = [await disk(t, 0x21), await disk(t, 0x21), await disk(t, 0x66)];
  const node = t.name('quorum');
  const children = disks.map(({ name }) => name);
  await t.execute('blockdev-add', { driver: 'quorum', 'node-name': node, 'vote-threshold': 2, children });
  return { node, children, files: disks.map(({ file }) => file) };
}

/** Runs a mirror until it has completed, or was cancelled when it was ready. */
async function mirrored(
  t: CaseContext,
  command: string,
  args: JsonObject,
  verb: 'block-job-complete' | 'block-job-cancel' = 'block-job-complete',
): Promise<void> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, sync: 'full', ...args });
  await t.event('BLOCK_JOB_READY', { device: id });
  await t.execute(verb, { device: id });
  await completed(t, id, 'mirror');
}

/** The first bytes of two parts of a file: what was there before the pivot, and what a guest wrote after it. */
async function parts(t: CaseContext, { local }: CaseFile): Promise<number[]> {
  const bytes = await bytesOf(t, local);
  return [bytes[0]!, bytes[PART]!];
}

/** States that the quorum has the target in the place of its bad child: a guest writes, and the files tell who got it. */
async function checkRepaired(
  t: CaseContext,
  node: string,
  files: readonly CaseFile[],
  target: CaseFile,
): Promise<void> {
  await writeNode(t, node, PART, PART, 0x77);
  const found: number[][] = [];
  for (const file of [...files, target]) found.push(await parts(t, file));
  t.equal(
    found,
    [
      [0x21, 0x77],
      [0x21, 0x77],
      [0x66, 0x66],
      [0x21, 0x77],
    ],
    'the target must have taken the place of the node, with the copy, and get what is written from then on',
  );
}

/** The cases of nodes that are replaced. */
export const replacedNodeCases: readonly CaseDefinition[] = [
  {
    id: 'blockdev-mirror/replaces-quorum-child',
    title:
      'A mirror that replaces the broken child of a quorum repairs it when it completes, and not when it is cancelled',
    requirements: ['blockdev-mirror/replaces'],
    needs: needs(mirrors('blockdev-mirror'), { drivers: ['quorum'] }),
    async run(t: CaseContext) {
      const { node, children, files } = await quorum(t);
      const target = await disk(t, 0);
      const replaces = children[2]!;
      const args = { device: node, target: target.name, replaces };
      await mirrored(t, 'blockdev-mirror', args, 'block-job-cancel');
      await t.refused('blockdev-del', { 'node-name': replaces });
      await mirrored(t, 'blockdev-mirror', args);
      await t.refused('blockdev-del', { 'node-name': target.name });
      await t.execute('blockdev-del', { 'node-name': replaces });
      await checkRepaired(t, node, files, target.file);
    },
  },
  {
    id: 'drive-mirror/replaces-quorum-child',
    title:
      'drive-mirror puts its new image in the place of a quorum child; node-name is a must, the node has to be there',
    requirements: ['drive-mirror/replaces'],
    needs: needs(mirrors('drive-mirror'), { drivers: ['quorum'] }),
    async run(t: CaseContext) {
      const { node, children, files } = await quorum(t);
      const [target, id] = [newFile(t), t.name('job')];
      const replaces = children[2]!;
      const args = { device: node, target: target.path, format: 'raw', sync: 'full' };
      const named = { 'node-name': t.name('target') };
      await t.refused('drive-mirror', { ...args, 'job-id': id, replaces }, { text: /node-name/ });
      await t.refused('drive-mirror', { ...args, ...named, 'job-id': id, replaces: t.name('nothing') });
      await checkNoJob(t, id);
      await mirrored(t, 'drive-mirror', { ...args, ...named, replaces });
      await t.execute('blockdev-del', { 'node-name': replaces });
      await checkRepaired(t, node, files, target);
    },
  },
  {
    id: 'drive-mirror/replaces-refused',
    title:
      'A replaces that names a node of another size, or one that a job uses, is refused; one that is replaced goes',
    requirements: ['drive-mirror/replaces'],
    needs: needs(mirrors('drive-mirror'), {
      drivers: ['quorum'],
      commands: ['blockdev-backup'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const [node, bad] = [t.name('quorum'), t.name('bad')];
      const children: Json[] = [];
      for (const byte of [0x21, 0x21, 0x66]) {
        const { path: filename } = await makeFile(t, Buffer.alloc(SIZE, byte));
        const name = byte === 0x66 && { 'node-name': bad };
        children.push({ driver: 'raw', ...name, file: { driver: 'file', filename } });
      }
      await t.execute('blockdev-add', { driver: 'quorum', 'node-name': node, 'vote-threshold': 2, children });
      const { name: longer } = await addRaw(t, 2 * SIZE);
      const { name: used } = await disk(t, 0);
      const backup = { device: used, target: (await disk(t, 0)).name, sync: 'none' };
      const copying = t.name('job');
      await t.execute('blockdev-backup', { 'job-id': copying, ...backup });
      const target = newFile(t);
      const image = { target: target.path, format: 'raw', 'node-name': t.name('target') };
      const before = (await nodeNames(t)).toSorted();
      for (const replaces of [longer, used]) {
        const id = t.name('job');
        await t.refused('drive-mirror', { 'job-id': id, device: node, sync: 'full', ...image, replaces });
        await checkNoJob(t, id);
        t.equal((await nodeNames(t)).toSorted(), before, 'a refused mirror must leave no node');
      }
      await cancelled(t, copying);
      await mirrored(t, 'drive-mirror', { device: node, ...image, replaces: bad });
      await checkAbsent(t, bad);
      t.equal(await parts(t, target), [0x21, 0x21], 'the target must hold the copy');
    },
  },
  {
    id: 'blockdev-mirror/replaces-source',
    title: 'A mirror that replaces its own source does what it does without replaces',
    requirements: ['blockdev-mirror/replaces', 'blockdev-mirror/complete-switches'],
    needs: needs(mirrors('blockdev-mirror'), { drivers: ['quorum'] }),
    async run(t: CaseContext) {
      const [source, target] = [await disk(t, 0x21), await disk(t, 0)];
      const args = { device: source.name, target: target.name, replaces: source.name };
      await mirrored(t, 'blockdev-mirror', args);
      await t.execute('blockdev-del', { 'node-name': source.name });
      t.equal(await parts(t, target.file), [0x21, 0x21], 'the target must hold the copy');
    },
  },
];
