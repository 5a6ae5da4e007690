/** Media of every kind of drive, called by each of its names: taken out, put in, exchanged, or not. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { IdeDrive } from '../helpers/ide-guest.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { addNode, dataNodes, KiB, makeFile, needs, newFile } from '../helpers/shared-setup.ts';
import { called, EXCHANGING, exchangingMachine, movedSo } from './exchanging-machine.ts';
import { mediumIs, noneMoved, trayNeeds } from './tray-topology.ts';

const OPEN = 'blockdev-open-tray';
const CLOSE = 'blockdev-close-tray';
const CHANGE = 'blockdev-change-medium';
const INSERT = 'blockdev-insert-medium';
const REMOVE = 'blockdev-remove-medium';

const common = { topology: exchangingMachine, fresh: true };

/** The drives that have a guest device. */
const WITH_DEVICE = EXCHANGING.filter(({ device }) => device !== null);

/** Drives whose media can be written or not. A disk that can be written may refuse all others. */
const MODED = EXCHANGING.filter(({ device }) => !device?.includes('removable=on'));

/** Modes, and whether the new medium is read-only where the last one is one that can be written. */
const MODES = [
  ['read-only', true],
  [undefined, true],
  ['read-write', false],
  ['retain', false],
] as const;

export const eachMedium: readonly CaseDefinition[] = [
  {
    id: 'blockdev-insert-medium/each-drive',
    title: 'Each kind of drive takes a free node once it is open and empty, and gives it while it is open',
    requirements: [
      'blockdev-insert-medium/inserts',
      'blockdev-insert-medium/needs-open',
      'blockdev-insert-medium/needs-empty',
      'blockdev-insert-medium/unknown',
      'blockdev-remove-medium/removes',
      'blockdev-remove-medium/needs-open',
      'blockdev-remove-medium/no-op',
    ],
    needs: needs(dataNodes, trayNeeds(OPEN, CLOSE, INSERT, REMOVE)),
    ...common,
    async run(t: CaseContext) {
      const node = await addNode(t, { size: 64 * KiB });
      const medium = { 'node-name': node };
      for (const drive of WITH_DEVICE) {
        const names = await called(t, drive, { onlyIds: true });
        if (drive.tray) {
          if (drive.node !== null) await t.refused(REMOVE, names.next(), { text: /not open/ });
          await t.execute(OPEN, names.next());
        }
        if (drive.node !== null) await t.refused(INSERT, { ...names.next(), ...medium }, { text: /already/ });
        for (const _ of [1, 2])
          t.equal(
            await t.execute(REMOVE, names.next()),
            {},
            'blockdev-remove-medium must return an empty object',
          );
        if (drive.tray) {
          await t.execute(CLOSE, names.next());
          await t.refused(INSERT, { ...names.next(), ...medium }, { text: /not open/ });
          await t.execute(OPEN, names.next());
        }
        for (const used of ['n6', 'disk']) await t.refused(INSERT, { ...names.next(), 'node-name': used });
        await mediumIs(t, drive.drive, null);
        t.equal(
          await t.execute(INSERT, { ...names.next(), ...medium }),
          {},
          'blockdev-insert-medium must return an empty object',
        );
        for (const refused of [names.next(), { id: 'scd' }])
          await t.refused(INSERT, { ...refused, ...medium });
        await mediumIs(t, drive.drive, medium);
        await t.refused('blockdev-del', medium);
        await t.execute(REMOVE, names.next());
        if (drive.tray) await t.execute(CLOSE, names.next());
        await movedSo(t, drive, names, [true, false, true, false]);
      }
      await t.execute('blockdev-del', medium);
    },
  },
  {
    id: 'eject/each-drive',
    title: 'Each kind of drive is ejected, closed, open or empty: its tray is open then, and the medium gone',
    requirements: ['eject/ejects', 'DEVICE_TRAY_MOVED/emitted', 'blockdev-open-tray/no-event'],
    needs: needs(dataNodes, trayNeeds(OPEN, CLOSE, CHANGE, 'eject')),
    ...common,
    async run(t: CaseContext) {
      for (const drive of EXCHANGING) {
        const names = await called(t, drive);
        const change = { filename: `${t.dir}/${drive.drive}.img`, format: 'raw' };
        const ejected = async (force: boolean) => {
          t.equal(
            await t.execute('eject', { ...names.next(), force }),
            {},
            'eject must return an empty object',
          );
          const { tray_open: open = null } = await mediumIs(t, drive.drive, null);
          t.equal(open, drive.tray ? true : null, 'a tray must be open after eject');
        };
        await ejected(false);
        await ejected(true);
        if (drive.tray) await t.execute(CLOSE, names.next());
        await ejected(false);
        await t.execute(CHANGE, { ...names.next(), ...change });
        if (drive.tray) await t.execute(OPEN, names.next());
        await ejected(false);
        await t.execute(CHANGE, { ...names.next(), ...change });
        await ejected(true);
        // By eject, then each command and the eject behind it.
        await movedSo(t, drive, names, [true, false, true, false, true, false, true]);
      }
    },
  },
  {
    id: 'blockdev-change-medium/each-drive',
    title:
      'Each kind of drive, empty or not, open or closed, gets the image that it is given, or nothing changes',
    requirements: [
      'blockdev-change-medium/filename',
      'blockdev-change-medium/moves',
      'blockdev-change-medium/format',
      'blockdev-open-tray/no-event',
    ],
    needs: needs(trayNeeds(OPEN, CLOSE, CHANGE, 'eject'), { drivers: ['qcow2', 'raw'] }),
    ...common,
    async run(t: CaseContext) {
      const image = buildQcow2({ size: 64 * KiB, clusterSize: 64 * KiB });
      for (const drive of EXCHANGING) {
        const names = await called(t, drive);
        const { path: qcow2 } = await makeFile(t, image);
        const { path: raw } = await makeFile(t, Buffer.alloc(64 * KiB));
        /** Refused and then not; the format may be left to be probed. */
        const changes = async (refused: JsonObject, filename: string, format: string, isTold: boolean) => {
          const before = await deviceInfo(t, drive.drive);
          await t.refused(CHANGE, { ...names.next(), ...refused });
          t.equal(await deviceInfo(t, drive.drive), before, 'a drive must be as before a refused change');
          const args = { filename, ...(isTold && { format }) };
          t.equal(
            await t.execute(CHANGE, { ...names.next(), ...args }),
            {},
            'blockdev-change-medium must return an empty object',
          );
          const { tray_open: open = null } = await mediumIs(t, drive.drive, { file: filename, drv: format });
          t.equal(open, drive.tray ? false : null, 'a tray must be closed at the end');
        };
        const missing = { filename: newFile(t).path };
        await changes(missing, raw, 'raw', true);
        if (drive.tray) await t.execute(OPEN, names.next());
        await changes({ filename: `${t.dir}/d1.img`, format: 'qcow2' }, qcow2, 'qcow2', false);
        await t.execute('eject', names.next());
        if (drive.tray) await t.execute(CLOSE, names.next());
        await changes(missing, raw, 'raw', false);
        await changes(missing, qcow2, 'qcow2', true);
        await changes(missing, raw, 'raw', false);
        const twice = [true, false, true, false];
        await movedSo(t, drive, names, [...twice, ...twice, ...twice]);
      }
    },
  },
  {
    id: 'blockdev-change-medium/each-mode',
    title: 'Media of CD, floppy and bare drives can be written as asked for, by whatever name',
    requirements: [
      'BlockdevChangeReadOnlyMode/retain',
      'BlockdevChangeReadOnlyMode/read-only',
      'BlockdevChangeReadOnlyMode/read-write',
    ],
    needs: trayNeeds(CHANGE),
    ...common,
    async run(t: CaseContext) {
      for (const drive of MODED) {
        const { path: filename } = await makeFile(t, Buffer.alloc(64 * KiB));
        const names = await called(t, drive);
        for (const [mode, ro] of MODES) {
          const how = mode !== undefined && { 'read-only-mode': mode };
          await t.execute(CHANGE, { ...names.next(), filename, format: 'raw', ...how });
          await mediumIs(t, drive.drive, { ro });
        }
      }
    },
  },
  {
    id: 'blockdev-remove-medium/locked-open',
    title:
      'While a tray is locked open its medium is taken out, put in and ejected; exchanged, it is closed and locked',
    requirements: [
      'blockdev-remove-medium/removes',
      'blockdev-insert-medium/inserts',
      'eject/ejects',
      'blockdev-change-medium/filename',
      'query-block/locked',
    ],
    needs: needs(dataNodes, trayNeeds(OPEN, CLOSE, CHANGE, INSERT, REMOVE, 'eject')),
    ...common,
    async run(t: CaseContext) {
      const guest = new IdeDrive(t, 'ide.1');
      const node = await addNode(t, { size: 64 * KiB });
      const locked = async (info: JsonObject, inserted: JsonObject | null) => {
        t.contains(
          await mediumIs(t, 'cd', inserted),
          { locked: true, ...info },
          'a tray must stay locked that its guest has locked',
        );
      };
      await t.execute(OPEN, { id: 'cd' });
      await guest.lock(true);
      await t.execute(REMOVE, { id: 'cd' });
      await locked({ tray_open: true }, null);
      await t.execute(INSERT, { id: 'cd', 'node-name': node });
      await locked({ tray_open: true }, { 'node-name': node });
      await t.execute('eject', { id: 'cd' });
      await locked({ tray_open: true }, null);
      await t.execute(CHANGE, { id: 'cd', filename: `${t.dir}/d0.img`, format: 'raw' });
      await locked({ tray_open: false }, { file: `${t.dir}/d0.img` });
      for (const open of [true, false]) await t.event('DEVICE_TRAY_MOVED', { id: 'cd', 'tray-open': open });
      await noneMoved(t);
      await t.refused('eject', { device: 'd0' }, { text: /locked/ });
    },
  },
];
