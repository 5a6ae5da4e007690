/** A drive keeps whether its media can be written when it has none for a while. */
import { INCOMPATIBLE } from '../../qcow2/qcow2-header.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { hmpIo, typed } from '../helpers/human-monitor-io.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { KiB, makeFile, needs } from '../helpers/shared-setup.ts';

const DRIVES = [
  { name: 'ro', ro: true },
  { name: 'rw', ro: false },
] as const;

const changeable: Topology = {
  name: 'changeable-drives',
  images: ['ro', 'rw', 'next'].map((name) => ({ path: `${name}.img`, format: 'raw', size: 64 * KiB })),
  options: DRIVES.flatMap(({ name, ro }) => [
    '-drive',
    `if=none,id=${name},format=raw,file=@DIR@/${name}.img,readonly=${ro ? 'on' : 'off'}`,
  ]),
  monitors: 1,
};

export const modesKept: readonly CaseDefinition[] = [
  {
    id: 'blockdev-change-medium/mode-over-empty',
    title:
      'With retain, and without a mode, a drive that was empty meanwhile opens its next medium as the last one',
    requirements: ['BlockdevChangeReadOnlyMode/retain'],
    needs: {
      commands: ['blockdev-change-medium', 'eject', 'query-block'],
      drivers: ['file', 'raw'],
      capabilities: ['sharedFiles'],
    },
    topology: changeable,
    fresh: true,
    async run(t: CaseContext) {
      for (const { name, ro } of DRIVES)
        for (const mode of [{}, { 'read-only-mode': 'retain' }]) {
          await t.execute('eject', { device: name });
          t.check(!('inserted' in (await deviceInfo(t, name))), 'the drive must be empty', 'it is not');
          const filename = `${t.dir}/next.img`;
          await t.execute('blockdev-change-medium', { device: name, filename, format: 'raw', ...mode });
          t.contains(
            await deviceInfo(t, name),
            { inserted: { ro, file: filename } },
            'the new medium must be as the last one was',
          );
          await t.execute('eject', { device: name });
          const own = { filename: `${t.dir}/${name}.img`, format: 'raw' };
          await t.execute('blockdev-change-medium', { device: name, ...own });
          t.contains(await deviceInfo(t, name), { inserted: { ro } }, 'a later medium must be, too');
        }
    },
  },
  {
    id: 'blockdev-change-medium/never-read-only-instead',
    title:
      'An image that may only be read is no medium for a drive that writes, unless it is asked for read-only',
    requirements: ['BlockdevChangeReadOnlyMode/retain', 'BlockdevChangeReadOnlyMode/read-only'],
    needs: {
      commands: ['blockdev-change-medium', 'query-block'],
      drivers: ['file', 'raw', 'qcow2'],
      capabilities: ['sharedFiles'],
    },
    topology: changeable,
    fresh: true,
    async run(t: CaseContext) {
      const image = { size: 64 * KiB, clusterSize: 4 * KiB, incompatible: Number(INCOMPATIBLE.corrupt) };
      const { path: filename } = await makeFile(t, buildQcow2(image));
      const broken = { device: 'rw', filename, format: 'qcow2' };
      const before = { inserted: { ro: false, file: `${t.dir}/rw.img` } };
      for (const mode of [{}, { 'read-only-mode': 'retain' }, { 'read-only-mode': 'read-write' }]) {
        await t.refused('blockdev-change-medium', { ...broken, ...mode });
        t.contains(await deviceInfo(t, 'rw'), before, 'the drive must keep its medium after a refusal');
      }
      await t.execute('blockdev-change-medium', { ...broken, 'read-only-mode': 'read-only' });
      t.contains(
        await deviceInfo(t, 'rw'),
        { inserted: { ro: true, drv: 'qcow2' } },
        'the drive must have the image as asked for',
      );
    },
  },
  {
    id: 'blockdev-change-medium/human-modes',
    title:
      'The human command change opens the new medium in each of the modes, and keeps the mode without one',
    requirements: [
      'BlockdevChangeReadOnlyMode/retain',
      'BlockdevChangeReadOnlyMode/read-only',
      'BlockdevChangeReadOnlyMode/read-write',
    ],
    needs: needs(hmpIo, {
      commands: ['query-block'],
      drivers: ['file', 'raw'],
      capabilities: ['sharedFiles'],
    }),
    topology: changeable,
    fresh: true,
    async run(t: CaseContext) {
      const filename = `${t.dir}/next.img`;
      for (const { name, ro } of DRIVES)
        for (const [mode, expected] of [
          [' retain', ro],
          [' read-only', true],
          [' retain', true],
          [' read-write', false],
          ['', false],
        ] as const) {
          await typed(t, `change ${name} ${filename} raw${mode}`);
          const opened = { inserted: { ro: expected, file: filename, drv: 'raw' } };
          t.contains(await deviceInfo(t, name), opened, 'the new medium must be open as the mode says');
        }
    },
  },
];
