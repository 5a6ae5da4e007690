/** Formats besides raw, qcow2 and luks, over images that qemu-img made: size, data, and what is no image. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { completed } from '../helpers/job-steps.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import {
  addRaw,
  checkAbsent,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  newFile,
  nodeNames,
  virtualSize,
} from '../helpers/shared-setup.ts';
import { checkReads, writes } from './driver-guest.ts';

const PART = 64 * KiB;
const BEHIND = MiB / 2;

interface Format {
  readonly driver: string;
  /** After the driver's name in ids. */
  readonly variant?: string;
  /** qemu-img's `-o`. */
  readonly options?: string;
}

const formats: readonly Format[] = [
  { driver: 'parallels' },
  { driver: 'qcow' },
  { driver: 'qed' },
  { driver: 'vdi' },
  { driver: 'vdi', variant: 'static', options: 'static=on' },
  { driver: 'vhdx' },
  { driver: 'vhdx', variant: 'fixed', options: 'subformat=fixed' },
  { driver: 'vmdk' },
  { driver: 'vmdk', variant: 'monolithic-flat', options: 'subformat=monolithicFlat' },
  { driver: 'vmdk', variant: 'two-gb-sparse', options: 'subformat=twoGbMaxExtentSparse' },
  { driver: 'vmdk', variant: 'two-gb-flat', options: 'subformat=twoGbMaxExtentFlat' },
  { driver: 'vpc', options: 'force_size=on' },
  { driver: 'vpc', variant: 'fixed', options: 'subformat=fixed,force_size=on' },
];

function contentCase({ driver, variant, options }: Format): CaseDefinition {
  const id = variant === undefined ? driver : `${driver}-${variant}`;
  const path = `disk.${driver}`;
  const fill = [
    { offset: 0, length: PART, byte: 0x11 },
    { offset: BEHIND, length: PART, byte: 0x22 },
  ];
  return {
    id: `formats/${id}-content`,
    title: `A node over an image of the format ${id} has its size and its data, and holds what is written`,
    requirements: ['formats/content'],
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver] }),
    topology: {
      name: `format-${id}`,
      images: [{ path, format: driver, size: MiB, fill, ...(options !== undefined && { options }) }],
      options: [],
      monitors: 1,
    },
    async run(t: CaseContext) {
      const node = t.name(driver);
      const file = { driver: 'file', filename: `${t.dir}/${path}` };
      const open = { driver, 'node-name': node, file };
      await t.execute('blockdev-add', open);
      t.equal(await virtualSize(t, node), MiB, 'the node must be as long as the image says');
      const guest = await openIo(t, node);
      await checkReads(t, guest, [0, PART], 0x11, 'of what the image holds');
      await checkReads(t, guest, [BEHIND, PART], 0x22, 'of what the image holds further on');
      await checkReads(t, guest, [BEHIND - PART, PART], 0, 'of what was never written');
      const range = [MiB - PART, 4096] as const;
      t.check(await writes(guest, range, 0x33), 'a write must succeed', 'it fails');
      await guest.close();
      await t.execute('blockdev-del', { 'node-name': node });
      await t.execute('blockdev-add', open);
      const again = await openIo(t, node);
      await checkReads(t, again, range, 0x33, 'of what was written, after the image was opened again');
      await checkReads(t, again, [0, PART], 0x11, 'of what the image held before');
      await again.close();
    },
  };
}

/** Disks of all formats can have this size; those of vpc have that of a geometry. */
const MADE_SIZE = 17 * PART;

function madeCase(driver: string): CaseDefinition {
  return {
    id: `formats/${driver}-made`,
    title: `A backup to a new image of the format ${driver} makes one, which holds what the disk held`,
    requirements: ['formats/made'],
    needs: needs(fileNodes, { ...nodeBytes, drivers: [driver], commands: ['drive-backup'] }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, MADE_SIZE);
      const disk = await openIo(t, device);
      for (const [offset, byte] of [
        [0, 0x11],
        [BEHIND, 0x22],
      ] as const)
        t.check(await writes(disk, [offset, PART], byte), 'a write must succeed', 'it fails');
      await disk.close();
      const [id, copy] = [t.name('job'), newFile(t)];
      await t.execute('drive-backup', {
        'job-id': id,
        device,
        target: copy.path,
        format: driver,
        sync: 'full',
      });
      await completed(t, id, 'backup');
      const node = t.name(driver);
      const file = { driver: 'file', filename: copy.path };
      await t.execute('blockdev-add', { driver, 'node-name': node, file });
      t.equal(await virtualSize(t, node), MADE_SIZE, 'the image must be as long as the disk');
      const image = await openIo(t, node);
      await checkReads(t, image, [0, PART], 0x11, 'of what the disk held');
      await checkReads(t, image, [BEHIND, PART], 0x22, 'of what the disk held further on');
      await checkReads(t, image, [BEHIND + PART, PART], 0, 'of what was never written');
      await image.close();
    },
  };
}

function garbageCase(driver: string): CaseDefinition {
  return {
    id: `formats/${driver}-garbage`,
    title: `A file that is no image of the format ${driver} is refused, taken as raw, and leaves nothing`,
    requirements: ['formats/garbage', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(fileNodes, { drivers: [driver] }),
    async run(t: CaseContext) {
      const node = t.name(driver);
      const before = await nodeNames(t);
      for (const byte of [0, 0x5a]) {
        const { path } = await makeFile(t, Buffer.alloc(PART, byte));
        const file = { driver: 'file', filename: path };
        await t.refused('blockdev-add', { driver, 'node-name': node, file, 'read-only': true });
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': node, file, 'read-only': true });
        await t.execute('blockdev-del', { 'node-name': node });
      }
      await checkAbsent(t, node);
      t.equal(await nodeNames(t), before, 'a refused node must leave nothing');
    },
  };
}

const refusing = ['bochs', 'cloop', 'dmg', ...new Set(formats.map(({ driver }) => driver))];

export const otherFormatCases: readonly CaseDefinition[] = [
  ...formats.map(contentCase),
  ...[...new Set(formats.map(({ driver }) => driver))].map(madeCase),
  ...refusing.map(garbageCase),
];
