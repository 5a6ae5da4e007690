/** blockdev-open-tray and blockdev-close-tray, and what the guest has to do with it. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { refusedWith } from '../helpers/shared-setup.ts';
import {
  bareDrives,
  CD,
  cdGuest,
  FIRST,
  guestReads,
  mediumIs,
  moved,
  noneMoved,
  trayIs,
  trayMachine,
  trayNeeds,
  UNKNOWN,
} from './tray-topology.ts';

const OPEN = 'blockdev-open-tray';
const CLOSE = 'blockdev-close-tray';

const both = { needs: trayNeeds(OPEN, CLOSE), topology: trayMachine, fresh: true };

export const trays: readonly CaseDefinition[] = [
  {
    id: 'blockdev-open-tray/opens',
    title: 'The tray opens and closes, each with an event before the return, and query-block tells so',
    requirements: [
      'blockdev-open-tray/opens',
      'blockdev-open-tray/event',
      'blockdev-close-tray/closes',
      'query-block/tray-open',
      'DEVICE_TRAY_MOVED/emitted',
    ],
    ...both,
    async run(t: CaseContext) {
      await trayIs(t, 'cd', false);
      t.equal(await t.execute(OPEN, CD), {}, 'blockdev-open-tray must return an empty object');
      await moved(t, 'cd', true, 'd0');
      await trayIs(t, 'cd', true);
      t.equal(await t.execute(CLOSE, CD), {}, 'blockdev-close-tray must return an empty object');
      await moved(t, 'cd', false, 'd0');
      await trayIs(t, 'cd', false);
      await noneMoved(t);
    },
  },
  {
    id: 'blockdev-open-tray/out-of-reach',
    title: 'The medium stays in an open tray, where the guest cannot read it; once that is closed it can',
    requirements: ['blockdev-open-tray/keeps-medium', 'blockdev-close-tray/closes'],
    ...both,
    async run(t: CaseContext) {
      await guestReads(t, FIRST);
      await t.execute(OPEN, CD);
      await mediumIs(t, 'cd', { 'node-name': 'first' });
      await guestReads(t, null);
      await t.execute(CLOSE, CD);
      await guestReads(t, FIRST);
    },
  },
  {
    id: 'blockdev-open-tray/no-op',
    title: 'A tray that is where it should be is left alone, and no event comes',
    requirements: ['blockdev-open-tray/no-op', 'blockdev-close-tray/no-op'],
    ...both,
    async run(t: CaseContext) {
      t.equal(await t.execute(CLOSE, CD), {}, 'blockdev-close-tray must return an empty object');
      await noneMoved(t);
      await t.execute(OPEN, CD);
      await moved(t, 'cd', true, 'd0');
      t.equal(await t.execute(OPEN, CD), {}, 'blockdev-open-tray must return an empty object');
      await noneMoved(t);
      await trayIs(t, 'cd', true);
    },
  },
  {
    id: 'blockdev-open-tray/locked',
    title:
      'A tray that the guest has locked stays closed without force, opens with it, and without when unlocked',
    requirements: ['blockdev-open-tray/locked', 'blockdev-open-tray/force', 'query-block/locked'],
    ...both,
    async run(t: CaseContext) {
      const guest = cdGuest(t);
      await guest.lock(true);
      t.contains(await deviceInfo(t, 'cd'), { locked: true }, 'a drive that the guest locks must be locked');
      for (const args of [CD, { ...CD, force: false }]) {
        t.equal(await t.execute(OPEN, args), {}, 'blockdev-open-tray must return an empty object');
        await noneMoved(t);
        await trayIs(t, 'cd', false);
      }
      await t.execute(OPEN, { ...CD, force: true });
      await moved(t, 'cd', true, 'd0');
      await trayIs(t, 'cd', true);
      await t.execute(CLOSE, CD);
      await moved(t, 'cd', false, 'd0');
      await guest.lock(false);
      t.contains(
        await deviceInfo(t, 'cd'),
        { locked: false },
        'a drive that the guest unlocks must not be locked',
      );
      await t.execute(OPEN, CD);
      await moved(t, 'cd', true, 'd0');
    },
  },
  {
    id: 'DEVICE_TRAY_MOVED/by-the-guest',
    title: 'A guest that opens and closes the tray itself brings the same events',
    requirements: ['DEVICE_TRAY_MOVED/emitted', 'query-block/tray-open'],
    needs: trayNeeds(),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      for (const open of [true, false]) {
        const { ok } = await cdGuest(t).packet([0x1b, 0, 0, 0, open ? 2 : 3]);
        t.check(ok, 'the drive must take a START STOP UNIT', 'it tells an error');
        const { data } = await t.event('DEVICE_TRAY_MOVED');
        t.equal(
          data ?? null,
          { device: 'd0', id: 'cd', 'tray-open': open },
          'DEVICE_TRAY_MOVED must tell how the tray is',
        );
        await trayIs(t, 'cd', open);
      }
    },
  },
  {
    id: 'DEVICE_TRAY_MOVED/by-the-guest-again',
    title:
      'A guest that opens an open tray or closes a closed one brings no event; asked to, it opens a locked one itself',
    requirements: ['DEVICE_TRAY_MOVED/emitted', 'blockdev-open-tray/locked'],
    ...both,
    async run(t: CaseContext) {
      const guest = cdGuest(t);
      const guestMoves = async (open: boolean, is: boolean, moves: boolean) => {
        // The drive carries nothing out before its guest has heard of a change.
        await guest.readCd();
        await guest.packet([0x1b, 0, 0, 0, open ? 2 : 3]);
        if (moves) await t.event('DEVICE_TRAY_MOVED', { device: 'd0', id: 'cd', 'tray-open': open });
        await noneMoved(t);
        await trayIs(t, 'cd', is);
      };
      for (const [open, moves] of [
        [false, false],
        [true, true],
        [true, false],
        [false, true],
        [false, false],
      ] as const)
        await guestMoves(open, open, moves);
      await guest.lock(true);
      await t.execute(OPEN, CD);
      await guestMoves(true, false, false);
      await guest.lock(false);
      await guestMoves(true, true, true);
      await t.execute(CLOSE, CD);
      await moved(t, 'cd', false, 'd0');
    },
  },
  {
    id: 'blockdev-open-tray/names',
    title: 'Trays are named by id, by QOM path or by drive; anything else, both and neither are refused',
    requirements: [
      'blockdev-open-tray/names',
      'blockdev-open-tray/device-unknown',
      'blockdev-close-tray/device-unknown',
    ],
    ...both,
    async run(t: CaseContext) {
      for (const name of [{ id: '/machine/peripheral/cd' }, { device: 'd0' }, CD]) {
        await t.execute(OPEN, name);
        await moved(t, 'cd', true, 'd0');
        await t.execute(CLOSE, name);
        await moved(t, 'cd', false, 'd0');
      }
      for (const command of [OPEN, CLOSE]) {
        for (const name of [{ id: 'd0' }, { device: 'cd' }, { id: t.name('nothing') }, { device: '' }])
          await refusedWith(t, command, name, UNKNOWN);
        await t.refused(command, {});
        await t.refused(command, { device: 'd0', ...CD });
      }
      for (const name of [{ id: t.name('nothing') }, { device: t.name('nothing') }])
        await refusedWith(t, OPEN, { ...name, force: true }, UNKNOWN);
      for (const name of [{}, { device: 'd0', ...CD }]) await t.refused(OPEN, { ...name, force: true });
      await noneMoved(t);
      await trayIs(t, 'cd', false);
    },
  },
  {
    id: 'blockdev-open-tray/empty-drive',
    title: 'An empty CD drive has a tray like any other; its event has no name of a drive',
    requirements: ['DEVICE_TRAY_MOVED/emitted', 'blockdev-open-tray/opens', 'query-block/tray'],
    ...both,
    async run(t: CaseContext) {
      await t.execute(OPEN, { id: 'scd' });
      await moved(t, 'scd', true);
      await trayIs(t, 'scd', true);
      await trayIs(t, 'cd', false);
      await t.execute(CLOSE, { id: 'scd' });
      await moved(t, 'scd', false);
      await mediumIs(t, 'scd', null);
    },
  },
  {
    id: 'blockdev-open-tray/floppy',
    title: 'A floppy drive has no tray: opening and closing succeed, and no event comes',
    requirements: ['blockdev-open-tray/no-event', 'query-block/tray'],
    ...both,
    async run(t: CaseContext) {
      for (const command of [OPEN, CLOSE])
        t.equal(await t.execute(command, { id: 'fd' }), {}, `${command} must return an empty object`);
      await noneMoved(t);
      t.check(!('tray_open' in (await deviceInfo(t, 'fd'))), 'a floppy drive must have no tray', 'it has');
    },
  },
  {
    id: 'blockdev-open-tray/bare-drive',
    title: 'A drive without guest device has no tray: opening and closing succeed, and no event comes',
    requirements: ['blockdev-open-tray/no-event', 'blockdev-open-tray/device-unknown'],
    needs: trayNeeds(OPEN, CLOSE),
    topology: bareDrives,
    async run(t: CaseContext) {
      for (const device of ['d0', 'e0'])
        for (const command of [OPEN, OPEN, CLOSE, CLOSE])
          t.equal(await t.execute(command, { device }), {}, `${command} must return an empty object`);
      await noneMoved(t);
      await mediumIs(t, 'd0', { 'node-name': 'first' });
      await refusedWith(t, OPEN, { id: 'd0' }, UNKNOWN);
    },
  },
];
