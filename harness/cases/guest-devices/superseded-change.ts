/** change, which older endpoints have in the place of blockdev-change-medium. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs, newFile, refusedWith } from '../helpers/shared-setup.ts';
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

const CHANGE = 'change';

export const supersededChange: readonly CaseDefinition[] = [
  {
    id: 'change/medium',
    title:
      'The guest reads the image that change was given, and goes on with the old one where it is refused',
    requirements: ['change/exchanges'],
    needs: trayNeeds(CHANGE),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      await guestReads(t, FIRST);
      const device = 'd0';
      await t.refused(CHANGE, { device, target: newFile(t).path, arg: 'raw' });
      await guestReads(t, FIRST);
      const target = `${t.dir}/${OTHER_FILE}`;
      t.equal(
        await t.execute(CHANGE, { device, target, arg: 'raw' }),
        {},
        'change must return an empty object',
      );
      await trayIs(t, 'cd', false);
      await mediumIs(t, 'cd', { file: target, drv: 'raw' });
      await guestReads(t, OTHER);
      await refusedWith(t, CHANGE, { device: t.name('nothing'), target }, UNKNOWN);
    },
  },
  {
    id: 'change/driver',
    title: 'The driver of the new medium is the one that change was given; without one it is probed',
    requirements: ['change/driver', 'change/exchanges'],
    needs: needs(trayNeeds(CHANGE), { drivers: ['qcow2', 'raw'] }),
    topology: bareDrives,
    fresh: true,
    async run(t: CaseContext) {
      const image = buildQcow2({ size: 64 * KiB, clusterSize: 64 * KiB });
      const { path: target } = await makeFile(t, image);
      await t.execute(CHANGE, { device: 'd0', target });
      await mediumIs(t, 'd0', { drv: 'qcow2', image: { 'virtual-size': 64 * KiB } });
      await t.execute(CHANGE, { device: 'd0', target, arg: 'raw' });
      await mediumIs(t, 'd0', { drv: 'raw', image: { 'virtual-size': image.length } });
      await t.execute(CHANGE, { device: 'e0', target: `${t.dir}/${FIRST_FILE}`, arg: 'raw' });
      await mediumIs(t, 'e0', { file: `${t.dir}/${FIRST_FILE}`, drv: 'raw' });
    },
  },
  {
    id: 'change/refused',
    title: 'change names drives by themselves, and leaves a disk and a locked drive their medium',
    requirements: ['change/exchanges'],
    needs: trayNeeds(CHANGE, 'blockdev-open-tray'),
    topology: trayMachine,
    fresh: true,
    async run(t: CaseContext) {
      const image = { target: `${t.dir}/${OTHER_FILE}`, arg: 'raw' };
      const before = await t.execute('query-block');
      for (const device of ['cd', 'scd', 'first', 'disk', 'hd', ''])
        await refusedWith(t, CHANGE, { device, ...image }, UNKNOWN);
      await t.refused(CHANGE, { device: 'h0', ...image }, { text: /not removable/ });
      for (const arg of ['qcow2', 'no-format']) await t.refused(CHANGE, { device: 'd0', ...image, arg });
      t.equal(await t.execute('query-block'), before, 'a drive must be as before a refused change');
      await cdGuest(t).lock(true);
      await t.refused(CHANGE, { device: 'd0', ...image }, { text: /locked/ });
      t.contains(
        await mediumIs(t, 'cd', { 'node-name': 'first' }),
        { locked: true, tray_open: false },
        'a locked drive must stay so',
      );
      await noneMoved(t);
      await t.execute('blockdev-open-tray', { ...CD, force: true });
      await moved(t, 'cd', true, 'd0');
      await t.execute(CHANGE, { device: 'd0', ...image });
      await moved(t, 'cd', false, 'd0');
      await noneMoved(t);
      await guestReads(t, OTHER);
    },
  },
];
