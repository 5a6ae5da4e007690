/** The machine on whose drives scenes are played. */
import { pc } from '../../helpers/ide-guest.ts';

const SECTOR = 512;
const BLOCK = 2048;

/** Sectors of the disk from which on it holds a byte. */
const PARTS = [
  [0, 0x11],
  [63, 0x22],
  [1008, 0x33],
  [3024, 0x44],
  [3099, 0x55],
] as const;
const SECTORS = 3100;
const BLOCKS = 40;

const filled = (path: string, unit: number, size: number, parts: readonly (readonly [number, number])[]) => ({
  path,
  format: 'raw',
  size: size * unit,
  fill: parts.map(([from, byte], index) => {
    const end = parts[index + 1]?.[0] ?? size;
    return { offset: from * unit, length: (end - from) * unit, byte };
  }),
});

/** Of more than 28 bits of sectors, and of 3 more than fill its cylinders. */
const LARGE = (200 * 1024 * 1024 * 2 + 3) * SECTOR;
/** Blocks of the largest CD, and one more. */
const CD = 360_000 * BLOCK;
const DVD = CD + BLOCK;

/** An image of zeroes that takes no room, and the node of its contents. */
const zeroes = (name: string, size: number) => ({ path: `${name}.qcow2`, format: 'qcow2', size });
const nodeOf = (name: string): string =>
  `driver=qcow2,node-name=${name},file.driver=file,file.filename=@DIR@/${name}.qcow2`;

/** A disk and a CD with contents as first drives, a large disk and a DVD that say what they are as second ones. */
export const ideScenes = pc(
  'ide-scenes',
  [
    filled('disk.img', SECTOR, SECTORS, PARTS),
    filled('cd.iso', BLOCK, BLOCKS, [
      [0, 0xa1],
      [1, 0xa2],
      [39, 0xa3],
    ]),
    filled('other.iso', BLOCK, BLOCKS / 4, [[0, 0xb1]]),
    zeroes('large', LARGE),
    zeroes('dvd', DVD),
  ],
  [
    ['-blockdev', 'driver=raw,node-name=disk,file.driver=file,file.filename=@DIR@/disk.img'],
    ['-device', 'ide-hd,id=hd0,drive=disk,bus=ide.0,unit=0'],
    ['-blockdev', nodeOf('large')],
    [
      '-device',
      'ide-hd,id=hd1,drive=large,bus=ide.0,unit=1,serial=ABCDEFGHIJKLMNOPQRST,ver=12345678,' +
        'model=Disk of a model with forty characters abc,wwn=0x5012345678abcdef,write-cache=off',
    ],
    ['-blockdev', 'driver=raw,node-name=cd,read-only=on,file.driver=file,file.filename=@DIR@/cd.iso'],
    ['-device', 'ide-cd,id=cd0,drive=cd,bus=ide.1,unit=0'],
    ['-blockdev', `${nodeOf('dvd')},read-only=on`],
    ['-device', 'ide-cd,id=cd1,drive=dvd,bus=ide.1,unit=1,serial=S1,ver=V,model=M,wwn=0x5000c50012345678'],
  ].flat(),
);

/** One drive a channel, the first and the second: a CD of the largest size that is no DVD, and none in the other drive. */
export const lonelyDrives = pc(
  'ide-lonely-drives',
  [zeroes('largest', CD)],
  [
    ['-blockdev', `${nodeOf('largest')},read-only=on`],
    ['-device', 'ide-cd,id=largest,drive=largest,bus=ide.0,unit=0'],
    ['-device', 'ide-cd,id=nothing,bus=ide.1,unit=1'],
  ].flat(),
);
