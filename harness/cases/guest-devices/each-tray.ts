/** Trays of every kind of drive, called by each of its names: moved, moved already, locked; and names that are none. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { IdeDrive } from '../helpers/ide-guest.ts';
import { called, EXCHANGING, exchangingMachine, movedSo } from './exchanging-machine.ts';
import { noneMoved, trayIs, trayNeeds } from './tray-topology.ts';

const OPEN = 'blockdev-open-tray';
const CLOSE = 'blockdev-close-tray';
const CHANGE = 'blockdev-change-medium';

/** What is done to a tray that is closed at first, and whether it moves. */
const STEPS = [
  [CLOSE, {}, false],
  [OPEN, {}, true],
  [OPEN, { force: true }, false],
  [OPEN, {}, false],
  [CLOSE, {}, true],
  [OPEN, { force: true }, true],
  [OPEN, { force: false }, false],
  [CLOSE, {}, true],
] as const;

const common = { topology: exchangingMachine, fresh: true };

export const eachTray: readonly CaseDefinition[] = [
  {
    id: 'blockdev-open-tray/each-drive',
    title:
      'The tray of each kind of drive moves once by each of its names, with and without force; others have none',
    requirements: [
      'blockdev-open-tray/opens',
      'blockdev-open-tray/event',
      'blockdev-open-tray/names',
      'blockdev-open-tray/no-op',
      'blockdev-open-tray/no-event',
      'blockdev-open-tray/force',
      'blockdev-open-tray/keeps-medium',
      'blockdev-close-tray/no-op',
      'DEVICE_TRAY_MOVED/emitted',
    ],
    needs: trayNeeds(OPEN, CLOSE),
    ...common,
    async run(t: CaseContext) {
      for (const drive of EXCHANGING) {
        const names = await called(t, drive);
        const before = await deviceInfo(t, drive.drive);
        const moves: boolean[] = [];
        for (const [command, args, moved] of STEPS) {
          t.equal(
            await t.execute(command, { ...names.next(), ...args }),
            {},
            `${command} must return an empty object`,
          );
          if (!moved) continue;
          moves.push(command === OPEN);
          const open = drive.tray && { tray_open: command === OPEN };
          t.equal(
            await deviceInfo(t, drive.drive),
            { ...before, ...open },
            'nothing but the tray must have changed',
          );
        }
        await movedSo(t, drive, names, moves);
      }
    },
  },
  {
    id: 'blockdev-open-tray/each-lock',
    title:
      'A tray that is locked, empty or not, keeps closed by whatever name; forced it opens, and may be locked open',
    requirements: [
      'blockdev-open-tray/locked',
      'blockdev-open-tray/force',
      'blockdev-open-tray/keeps-medium',
      'blockdev-change-medium/locked',
      'eject/force',
      'query-block/locked',
    ],
    needs: trayNeeds(OPEN, CLOSE, CHANGE, 'eject'),
    ...common,
    async run(t: CaseContext) {
      const file = { filename: `${t.dir}/d6.img`, format: 'raw', 'read-only-mode': 'read-only' };
      for (const [unit, drive] of EXCHANGING.slice(0, 2).entries()) {
        const guest = new IdeDrive(t, 'ide.1', unit as 0 | 1);
        const names = await called(t, drive);
        const free = await deviceInfo(t, drive.drive);
        const refusals = drive.node === null ? ['eject'] : [CHANGE, 'eject', CHANGE];
        for (const [index, refused] of refusals.entries()) {
          await guest.lock(true);
          for (const args of [{}, { force: false }, {}])
            t.equal(
              await t.execute(OPEN, { ...names.next(), ...args }),
              {},
              'blockdev-open-tray must return an empty object',
            );
          const name = names.next();
          await t.refused(refused, { ...name, ...(refused === CHANGE && file) }, { text: /locked/ });
          t.equal(
            await deviceInfo(t, drive.drive),
            { ...free, locked: true },
            'a locked drive must be as before',
          );
          await t.execute(OPEN, { ...names.next(), force: true });
          t.equal(
            await deviceInfo(t, drive.drive),
            { ...free, tray_open: true },
            'a tray that was forced open must have its medium, and no lock',
          );
          if (index === 0) await guest.lock(true);
          await t.execute(CLOSE, names.next());
          await t.execute(OPEN, names.next());
          if (index > 0) await t.execute(CLOSE, name);
          await movedSo(t, drive, names, index === 0 ? [true, false] : [true, false, true, false]);
        }
        await guest.lock(false);
        t.equal(await deviceInfo(t, drive.drive), free, 'an unlocked drive must be as at first');
      }
    },
  },
  {
    id: 'blockdev-open-tray/wrong-names',
    title:
      'No command for trays and media takes a name of another kind, two names or a device that has no drive',
    requirements: [
      'blockdev-open-tray/names',
      'blockdev-open-tray/device-unknown',
      'blockdev-close-tray/device-unknown',
      'blockdev-insert-medium/unknown',
      'blockdev-remove-medium/unknown',
      'eject/not-removable',
    ],
    needs: trayNeeds(OPEN, CLOSE, CHANGE, 'blockdev-insert-medium', 'blockdev-remove-medium', 'eject'),
    ...common,
    async run(t: CaseContext) {
      const byId: JsonObject[] = ['d0', 'd6', 'n0', 'scsi', '/machine/peripheral'].map((id) => ({ id }));
      const byDevice = ['cd', 'scd', 'n0', 'disk'].map((device) => ({ device }));
      const named = [...byId, ...byDevice, { id: 'cd', device: 'd0' }, { id: 'scd', device: 'd0' }, {}];
      const before = await t.execute('query-block');
      for (const [command, more, names] of [
        [OPEN, {}, named],
        [CLOSE, {}, named],
        ['eject', { force: true }, named],
        [CHANGE, { filename: `${t.dir}/d1.img`, format: 'raw' }, named],
        ['blockdev-remove-medium', {}, byId],
        ['blockdev-insert-medium', { 'node-name': 'disk' }, byId],
      ] as const)
        for (const name of names) {
          const { error } = await t.request({ execute: command, arguments: { ...name, ...more } });
          const what = Object.entries(name).map(([member, value]) => `${member} ${String(value)}`);
          t.check(error !== undefined, `${command} of ${what.join(' and ')} must be refused`, 'it is not');
        }
      await noneMoved(t);
      t.equal(await t.execute('query-block'), before, 'all drives must be as before');
      await t.execute(OPEN, { id: 'cd', force: true });
      await trayIs(t, 'cd', true);
    },
  },
];
