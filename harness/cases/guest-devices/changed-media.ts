/** blockdev-change-medium. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addNode, KiB, makeFile, needs, newFile, refusedWith } from '../helpers/shared-setup.ts';
import {
  bareDrives,
  CD,
  cdGuest,
  FIRST,
  FIRST_FILE,
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

const CHANGE = 'blockdev-change-medium';

const change = { needs: trayNeeds(CHANGE), topology: trayMachine, fresh: true };

const other = (t: CaseContext) => ({ filename: `${t.dir}/${OTHER_FILE}`, format: 'raw' });

export const changedMedia: readonly CaseDefinition[] = [
  {
    id: 'blockdev-change-medium/changes',
    title: 'The tray opens and closes before the return, and the guest reads the new image',
    requirements: ['blockdev-change-medium/moves', 'blockdev-change-medium/filename'],
    ...change,
    async run(t: CaseContext) {
      await guestReads(t, FIRST);
      t.equal(
        await t.execute(CHANGE, { ...CD, ...other(t) }),
        {},
        'blockdev-change-medium must return an empty object',
      );
      await moved(t, 'cd', true, 'd0');
      await moved(t, 'cd', false, 'd0');
      await noneMoved(t);
      await mediumIs(t, 'cd', { file: `${t.dir}/${OTHER_FILE}`, drv: 'raw' });
      await trayIs(t, 'cd', false);
      await guestReads(t, OTHER);
    },
  },
  {
    id: 'blockdev-change-medium/missing-file',
    title: 'With an image that cannot be opened it is refused, and the guest goes on reading the old one',
    requirements: ['blockdev-change-medium/filename'],
    ...change,
    async run(t: CaseContext) {
      await t.refused(CHANGE, { ...CD, filename: newFile(t).path }, { text: /No such file/ });
      await noneMoved(t);
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await guestReads(t, FIRST);
      await t.execute(CHANGE, { device: 'd0', ...other(t) });
      await guestReads(t, OTHER);
      await refusedWith(t, CHANGE, { id: t.name('nothing'), ...other(t) }, UNKNOWN);
      await t.refused(CHANGE, other(t));
    },
  },
  {
    id: 'blockdev-change-medium/locked',
    title: 'While the guest has locked the tray the old medium stays; once unlocked it is exchanged',
    requirements: ['blockdev-change-medium/locked'],
    ...change,
    async run(t: CaseContext) {
      await cdGuest(t).lock(true);
      await t.refused(CHANGE, { ...CD, ...other(t) }, { text: /locked/ });
      await noneMoved(t);
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await cdGuest(t).lock(false);
      await t.execute(CHANGE, { ...CD, ...other(t) });
      await guestReads(t, OTHER);
    },
  },
  {
    id: 'blockdev-change-medium/format',
    title: 'Without format that of the image is probed; with one it is taken as told',
    requirements: ['blockdev-change-medium/format'],
    ...change,
    needs: needs(trayNeeds(CHANGE), { drivers: ['qcow2', 'raw'] }),
    async run(t: CaseContext) {
      const { path: filename } = await makeFile(t, buildQcow2({ size: 64 * KiB, clusterSize: 64 * KiB }));
      await t.execute(CHANGE, { id: 'scd', filename });
      await mediumIs(t, 'scd', { drv: 'qcow2', image: { 'virtual-size': 64 * KiB } });
      await t.execute(CHANGE, { id: 'scd', filename, format: 'raw' });
      await mediumIs(t, 'scd', { drv: 'raw' });
    },
  },
  {
    id: 'blockdev-change-medium/read-only-mode',
    title: 'The new medium can be written as asked for; by default and with retain as the old one could',
    requirements: [
      'BlockdevChangeReadOnlyMode/retain',
      'BlockdevChangeReadOnlyMode/read-only',
      'BlockdevChangeReadOnlyMode/read-write',
    ],
    ...change,
    async run(t: CaseContext) {
      const floppy = { id: 'fd', ...other(t) };
      for (const [mode, ro] of [
        ['read-write', false],
        [undefined, false],
        ['retain', false],
        ['read-only', true],
        [undefined, true],
        ['retain', true],
        ['read-write', false],
      ] as const) {
        await t.execute(CHANGE, { ...floppy, ...(mode !== undefined && { 'read-only-mode': mode }) });
        await mediumIs(t, 'fd', { ro });
      }
    },
  },
  {
    id: 'blockdev-change-medium/floppy-is-used',
    title: 'A disk that comes into a floppy drive is written by that drive alone',
    requirements: ['blockdev-change-medium/filename', 'BlockdevChangeReadOnlyMode/read-write'],
    ...change,
    needs: needs(trayNeeds(CHANGE, 'blockdev-backup', 'query-named-block-nodes'), { drivers: ['raw'] }),
    async run(t: CaseContext) {
      const copied = { 'job-id': t.name('copy'), device: 'disk', sync: 'full' } as const;
      await t.execute(CHANGE, { id: 'fd', ...other(t), 'read-only-mode': 'read-write' });
      const { inserted } = await deviceInfo(t, 'fd');
      const target = (inserted as JsonObject)['node-name']!;
      await t.refused('blockdev-backup', { ...copied, target });
      const free = t.name('free');
      await t.execute('blockdev-add', { driver: 'null-co', 'node-name': free, size: 64 * KiB });
      await t.execute('blockdev-backup', { ...copied, target: free });
      await t.event('BLOCK_JOB_COMPLETED', { device: copied['job-id'] });
    },
  },
  {
    id: 'blockdev-change-medium/not-removable',
    title: 'A disk keeps its medium, a CD drive without one takes the image',
    requirements: ['blockdev-change-medium/not-removable', 'blockdev-change-medium/filename'],
    ...change,
    async run(t: CaseContext) {
      await t.refused(CHANGE, { id: 'hd', ...other(t) }, { text: /not removable/ });
      await mediumIs(t, 'hd', { 'node-name': 'disk' });
      await t.execute(CHANGE, { id: 'scd', ...other(t) });
      await mediumIs(t, 'scd', { file: `${t.dir}/${OTHER_FILE}` });
      await trayIs(t, 'scd', false);
    },
  },
  {
    id: 'blockdev-change-medium/bare-drive',
    title: 'A drive without guest device gets the image, and no event comes',
    requirements: ['blockdev-change-medium/filename', 'BlockdevChangeReadOnlyMode/retain'],
    needs: trayNeeds(CHANGE),
    topology: bareDrives,
    fresh: true,
    async run(t: CaseContext) {
      await t.execute(CHANGE, { device: 'd0', ...other(t) });
      await mediumIs(t, 'd0', { file: `${t.dir}/${OTHER_FILE}`, ro: true });
      await t.refused(CHANGE, { device: 'd0', filename: newFile(t).path }, { text: /No such file/ });
      await mediumIs(t, 'd0', { file: `${t.dir}/${OTHER_FILE}` });
      await t.execute(CHANGE, { device: 'd0', filename: `${t.dir}/${FIRST_FILE}`, format: 'raw' });
      await mediumIs(t, 'd0', { file: `${t.dir}/${FIRST_FILE}` });
      await noneMoved(t);
      t.check(!('tray_open' in (await deviceInfo(t, 'd0'))), 'a bare drive must have no tray', 'it has');
    },
  },
  {
    id: 'blockdev-change-medium/used-by-a-job',
    title:
      'While a job copies the medium nobody takes it out, by whatever name and force; afterwards it goes',
    requirements: ['blockdev-change-medium/filename', 'eject/ejects', 'blockdev-remove-medium/removes'],
    ...change,
    needs: needs(
      trayNeeds(
        CHANGE,
        'blockdev-close-tray',
        'blockdev-open-tray',
        'eject',
        'blockdev-mirror',
        'block-job-cancel',
      ),
      { events: ['BLOCK_JOB_READY', 'BLOCK_JOB_COMPLETED'] },
    ),
    async run(t: CaseContext) {
      const target = await addNode(t, { size: 64 * KiB });
      const job = t.name('copy');
      await t.execute('blockdev-mirror', { 'job-id': job, device: 'first', target, sync: 'full' });
      await t.event('BLOCK_JOB_READY', { device: job });
      for (const [command, args] of [
        [CHANGE, { ...CD, ...other(t) }],
        [CHANGE, { device: 'd0', ...other(t) }],
        ['eject', CD],
        ['eject', { device: 'd0' }],
        ['eject', { ...CD, force: true }],
      ] as const) {
        await t.refused(command, args, { text: /in use by block job/ });
        await mediumIs(t, 'cd', { 'node-name': 'first' });
        await t.execute('blockdev-close-tray', CD);
        await guestReads(t, FIRST);
      }
      await t.execute('blockdev-open-tray', CD);
      await t.refused('blockdev-remove-medium', CD, { text: /in use by block job/ });
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await t.execute('block-job-cancel', { device: job });
      await t.event('BLOCK_JOB_COMPLETED', { device: job });
      await t.execute(CHANGE, { ...CD, ...other(t) });
      await guestReads(t, OTHER);
    },
  },
];
