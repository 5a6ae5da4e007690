/** blockdev-remove-medium, blockdev-insert-medium and eject. */
import { isJsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { backupJobs, cancelled } from '../helpers/job-steps.ts';
import {
  addNode,
  checkAbsent,
  dataNodes,
  findNode,
  KiB,
  needs,
  refusedWith,
  virtualSize,
} from '../helpers/shared-setup.ts';
import {
  CD,
  cdGuest,
  FIRST,
  guestReads,
  mediumIs,
  moved,
  noneMoved,
  OTHER,
  OTHER_FILE,
  trayIs,
  trayMachine,
  trayNeeds,
  UNKNOWN,
} from './tray-topology.ts';

const OPEN = 'blockdev-open-tray';
const CLOSE = 'blockdev-close-tray';
const REMOVE = 'blockdev-remove-medium';
const INSERT = 'blockdev-insert-medium';

const exchange = {
  needs: needs(dataNodes, trayNeeds(OPEN, CLOSE, REMOVE, INSERT)),
  topology: trayMachine,
  fresh: true,
};

/** Adds a node over the other image. */
async function addOther(t: CaseContext): Promise<string> {
  const name = t.name('other');
  const file = { driver: 'file', filename: `${t.dir}/${OTHER_FILE}` };
  await t.execute('blockdev-add', { driver: 'raw', 'node-name': name, 'read-only': true, file });
  return name;
}

/** Whether an open drive that was empty at first takes what cannot be written; QEMU 2.11 refuses that. */
async function takesReadOnly(t: CaseContext, node: string): Promise<boolean> {
  const { error } = await t.request({ execute: INSERT, arguments: { id: 'scd', 'node-name': node } });
  if (error !== undefined) {
    t.info(`blockdev-insert-medium/unknown: refused: ${shown(isJsonObject(error) ? error.desc : error)}`);
    return false;
  }
  await t.execute(REMOVE, { id: 'scd' });
  return true;
}

export const media: readonly CaseDefinition[] = [
  {
    id: 'blockdev-remove-medium/removes',
    title: 'The medium leaves an open tray, and the node of its drive with it; again there is nothing to do',
    requirements: ['blockdev-remove-medium/removes', 'blockdev-remove-medium/no-op'],
    ...exchange,
    async run(t: CaseContext) {
      await t.execute(OPEN, CD);
      t.equal(await t.execute(REMOVE, CD), {}, 'blockdev-remove-medium must return an empty object');
      await mediumIs(t, 'cd', null);
      await checkAbsent(t, 'first');
      t.equal(await t.execute(REMOVE, CD), {}, 'an empty tray must be left alone');
      await trayIs(t, 'cd', true);
    },
  },
  {
    id: 'blockdev-remove-medium/needs-open',
    title: 'A closed tray keeps its medium; open, it is let go',
    requirements: ['blockdev-remove-medium/needs-open', 'blockdev-remove-medium/unknown'],
    ...exchange,
    async run(t: CaseContext) {
      await t.refused(REMOVE, CD, { text: /not open/ });
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await guestReads(t, FIRST);
      await refusedWith(t, REMOVE, { id: t.name('nothing') }, UNKNOWN);
      await t.refused(REMOVE, { id: 'hd' }, { text: /not removable/ });
      await mediumIs(t, 'hd', { 'node-name': 'disk' });
      await t.execute(OPEN, CD);
      await t.execute(REMOVE, CD);
    },
  },
  {
    id: 'blockdev-remove-medium/in-use-by-job',
    title: 'A medium that a job uses stays in its open tray, and can be taken out when the job has ended',
    requirements: ['blockdev-remove-medium/removes'],
    ...exchange,
    needs: needs(exchange.needs, backupJobs, { commands: ['eject'] }),
    async run(t: CaseContext) {
      const id = t.name('job');
      const size = Number(await virtualSize(t, 'first'));
      const target = await addNode(t, { size });
      await t.execute(OPEN, CD);
      await t.execute('blockdev-backup', { 'job-id': id, device: 'first', target, sync: 'none' });
      for (const verb of [REMOVE, 'eject']) {
        await t.refused(verb, CD);
        // A job may have put a filter above the node.
        await mediumIs(t, 'cd', {});
      }
      await cancelled(t, id);
      await t.execute(REMOVE, CD);
      await mediumIs(t, 'cd', null);
    },
  },
  {
    id: 'blockdev-insert-medium/inserts',
    title:
      'The node is the medium, which the guest reads once the tray is closed; it cannot be deleted meanwhile',
    requirements: ['blockdev-insert-medium/inserts', 'blockdev-remove-medium/removes'],
    ...exchange,
    async run(t: CaseContext) {
      const node = await addOther(t);
      await t.execute(OPEN, CD);
      await t.execute(REMOVE, CD);
      const args = { ...CD, 'node-name': node };
      t.equal(await t.execute(INSERT, args), {}, 'blockdev-insert-medium must return an empty object');
      await mediumIs(t, 'cd', { 'node-name': node, ro: true });
      await t.execute(CLOSE, CD);
      await guestReads(t, OTHER);
      await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
      await t.execute(OPEN, CD);
      await t.execute(REMOVE, CD);
      t.check(
        (await findNode(t, node)) !== undefined,
        'the node must outlive its use as medium',
        'it is gone',
      );
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'blockdev-insert-medium/needs-open',
    title: 'A tray that is closed, and one that has a medium, are refused; open and empty, it takes one',
    requirements: ['blockdev-insert-medium/needs-open', 'blockdev-insert-medium/needs-empty'],
    ...exchange,
    async run(t: CaseContext) {
      const args = { ...CD, 'node-name': await addOther(t) };
      await t.refused(INSERT, args, { text: /not open|already/ });
      await t.execute(OPEN, CD);
      await t.refused(INSERT, args, { text: /already/ });
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await t.execute(REMOVE, CD);
      await t.execute(CLOSE, CD);
      await t.refused(INSERT, args, { text: /not open/ });
      await mediumIs(t, 'cd', null);
      await t.execute(OPEN, CD);
      await t.execute(INSERT, args);
    },
  },
  {
    id: 'blockdev-insert-medium/unknown',
    title:
      'Devices and nodes that do not exist, and a node that a device has, are refused; a free one is taken',
    requirements: ['blockdev-insert-medium/unknown'],
    ...exchange,
    async run(t: CaseContext) {
      const node = await addOther(t);
      await t.execute(OPEN, { id: 'scd' });
      await refusedWith(t, INSERT, { id: t.name('nothing'), 'node-name': node }, UNKNOWN);
      await refusedWith(t, INSERT, { id: 'scd', 'node-name': t.name('nothing') }, UNKNOWN);
      await t.refused(INSERT, { id: 'scd', 'node-name': 'disk' }, { text: /in use|already/ });
      await mediumIs(t, 'scd', null);
      if (!(await takesReadOnly(t, node))) {
        const writable = await addNode(t, { size: 64 * KiB });
        await t.execute(INSERT, { id: 'scd', 'node-name': writable });
        await mediumIs(t, 'scd', { 'node-name': writable });
        return;
      }
      await t.execute(INSERT, { id: 'scd', 'node-name': node });
      await mediumIs(t, 'scd', { 'node-name': node });
    },
  },
  {
    id: 'blockdev-insert-medium/floppy',
    title: 'A floppy drive, which has no tray, takes and gives a medium at any time',
    requirements: ['blockdev-insert-medium/inserts', 'blockdev-remove-medium/removes'],
    ...exchange,
    async run(t: CaseContext) {
      const node = await addNode(t, { size: 64 * KiB });
      await t.execute(INSERT, { id: 'fd', 'node-name': node });
      await mediumIs(t, 'fd', { 'node-name': node, ro: false });
      await t.execute(REMOVE, { id: 'fd' });
      await mediumIs(t, 'fd', null);
      await t.execute('blockdev-del', { 'node-name': node });
      await noneMoved(t);
    },
  },
  {
    id: 'eject/ejects',
    title: 'eject opens the tray and takes the medium out; a tray that the guest has locked needs force',
    requirements: ['eject/ejects', 'eject/force'],
    needs: trayNeeds('eject'),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      await cdGuest(t).lock(true);
      await t.refused('eject', CD, { text: /locked/ });
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await noneMoved(t);
      t.equal(await t.execute('eject', { ...CD, force: true }), {}, 'eject must return an empty object');
      await moved(t, 'cd', true, 'd0');
      await mediumIs(t, 'cd', null);
    },
  },
  {
    id: 'eject/not-removable',
    title: 'A disk keeps its medium, a CD drive that is not locked lets it go',
    requirements: ['eject/ejects', 'eject/not-removable'],
    needs: trayNeeds('eject'),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      await t.refused('eject', { id: 'hd' }, { text: /not removable/ });
      await refusedWith(t, 'eject', { id: t.name('nothing') }, UNKNOWN);
      await mediumIs(t, 'hd', { 'node-name': 'disk' });
      await t.execute('eject', CD);
      await mediumIs(t, 'cd', null);
    },
  },
];
