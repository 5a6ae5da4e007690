/** Each action of a transaction: done when all succeed, and undone when one fails. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { addQcow2, chainNodes, makeEmpty } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, guestWrite, inserted, onDrive } from '../helpers/drive-chain.ts';
import { bytesOf, isFile } from '../helpers/image-files.ts';
import { CRAWL, cancelled, checkNoJob, completed, jobInfo } from '../helpers/job-steps.ts';
import { addNode, MiB, needs, newFile, snapshotsOf } from '../helpers/shared-setup.ts';

/** What a transaction with one kind of action leaves, or does not leave. */
interface Prepared {
  readonly action: JsonObject;
  /** States that the action has been done. */
  done(): Promise<void>;
  /** States that it has not, or was undone. */
  undone(): Promise<void>;
}

interface Kind {
  readonly needs: Needs;
  prepare(t: CaseContext): Promise<Prepared>;
}

const ABORT: JsonObject = { type: 'abort', data: {} };
const GROUPED: JsonObject = { 'completion-mode': 'grouped' };

/** Whether the action starts a job, which can end together with others. */
const isJob = (type: string): boolean => type.endsWith('-backup');

const digests: Needs = { commands: ['block-dirty-bitmap-add', 'x-debug-block-dirty-bitmap-sha256'] };

/** States what the drive uses. */
const uses =
  (t: CaseContext, members: JsonObject): (() => Promise<void>) =>
  async () =>
    t.contains(
      await inserted(t),
      members,
      'the drive must use the old image before, and the new one after the snapshot',
    );

const KINDS: Readonly<Record<string, Kind>> = {
  'blockdev-snapshot': {
    needs: needs(chainNodes, {}),
    async prepare(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const overlay = await addQcow2(t, await makeEmpty(t));
      return {
        action: { type: 'blockdev-snapshot', data: { node: DRIVE, overlay } },
        done: uses(t, { 'node-name': overlay, backing_file_depth: 1 }),
        undone: uses(t, { 'node-name': base!.node, ro: false, backing_file_depth: 0 }),
      };
    },
  },
  'blockdev-snapshot-sync': {
    needs: {},
    async prepare(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const file = newFile(t);
      const data = { device: DRIVE, 'snapshot-file': file.path };
      return {
        action: { type: 'blockdev-snapshot-sync', data },
        done: uses(t, { file: file.path, drv: 'qcow2', backing_file_depth: 1 }),
        undone: uses(t, { 'node-name': base!.node, ro: false, backing_file_depth: 0 }),
      };
    },
  },
  'blockdev-snapshot-internal-sync': {
    needs: { commands: ['blockdev-snapshot-internal-sync'] },
    async prepare(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      await t.execute('blockdev-snapshot-internal-sync', { device: node, name: 'earlier' });
      const has = async (...expected: readonly string[]): Promise<void> => {
        const names = (await snapshotsOf(t, node)).map(({ name = null }) => name);
        t.equal(names, [...expected], 'the image must have these snapshots');
      };
      return {
        action: { type: 'blockdev-snapshot-internal-sync', data: { device: node, name: 'one' } },
        done: () => has('earlier', 'one'),
        undone: () => has('earlier'),
      };
    },
  },
  'block-dirty-bitmap-clear': {
    needs: digests,
    async prepare(t: CaseContext) {
      await driveChain(t, 1);
      const bitmap = { node: DRIVE, name: 'b' };
      const digest = (): Promise<Json> => t.execute('x-debug-block-dirty-bitmap-sha256', bitmap);
      await t.execute('block-dirty-bitmap-add', bitmap);
      const empty = await digest();
      await guestWrite(t, 3, 0x73);
      const dirty = await digest();
      t.check(
        JSON.stringify(dirty) !== JSON.stringify(empty),
        'a write must make the bitmap dirty',
        'it did not',
      );
      return {
        action: { type: 'block-dirty-bitmap-clear', data: bitmap },
        done: async () => t.equal(await digest(), empty, 'the bitmap must be clean after the transaction'),
        undone: async () =>
          t.equal(await digest(), dirty, 'the bitmap must be as dirty as before the transaction'),
      };
    },
  },
  'drive-backup': {
    needs: { commands: ['query-block-jobs'], events: ['BLOCK_JOB_COMPLETED'] },
    async prepare(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const [id, file] = [t.name('job'), newFile(t)];
      return {
        action: {
          type: 'drive-backup',
          data: { 'job-id': id, device: DRIVE, target: file.path, format: 'raw', sync: 'full' },
        },
        done: async () => {
          await completed(t, id, 'backup');
          t.check(
            (await bytesOf(t, file.local)).equals(await bytesOf(t, base!.file.local)),
            'the target must be a copy of the drive',
            'it is not',
          );
        },
        undone: async () => {
          await checkNoJob(t, id);
          if (await isFile(t, file.local)) t.info('the target file of a backup that was undone is there');
        },
      };
    },
  },
  'blockdev-backup': {
    needs: { commands: ['query-block-jobs', 'block-job-cancel'], events: ['BLOCK_JOB_CANCELLED'] },
    async prepare(t: CaseContext) {
      const size = 64 * MiB;
      const [device, target] = [await addNode(t, { size }), await addNode(t, { size })];
      const id = t.name('job');
      return {
        action: {
          type: 'blockdev-backup',
          data: { 'job-id': id, device, target, sync: 'full', speed: CRAWL },
        },
        done: async () => {
          t.contains(await jobInfo(t, id), { type: 'backup', speed: CRAWL }, 'the backup must be under way');
          await cancelled(t, id);
        },
        undone: () => checkNoJob(t, id),
      };
    },
  },
};

/** One case an action. */
export const actionCases: readonly CaseDefinition[] = Object.entries(KINDS).map(([type, kind]) => ({
  id: `transaction/action-${type}`,
  title: `The action ${type} is undone when a later one fails, and done when all succeed`,
  requirements: [
    'transaction/all-or-nothing',
    'transaction/does-all',
    isJob(type) ? 'transaction/grouped' : 'transaction/grouped-unsupported',
  ],
  needs: needs(
    onDrive('transaction', ...(type === 'drive-backup' ? [] : [type])),
    { nodes: ['data'] },
    {
      ...kind.needs,
      members: ['transaction.properties'],
      events: kind.needs.events ?? [],
    },
  ),
  topology: driveOverBase,
  fresh: true,
  async run(t: CaseContext) {
    const { action, done, undone } = await kind.prepare(t);
    await undone();
    await t.refused('transaction', { actions: [action, ABORT] });
    await undone();
    if (isJob(type)) await t.execute('transaction', { actions: [action], properties: GROUPED });
    else {
      await t.refused('transaction', { actions: [action], properties: GROUPED });
      await undone();
      await t.execute('transaction', { actions: [action] });
    }
    await done();
    await inserted(t);
  },
}));
