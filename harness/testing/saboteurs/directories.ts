/** Saboteurs of disks over directories. */
import { inside, type Saboteur } from './saboteur.ts';

const VVFAT = 'BlockdevOptionsVVFAT';

export const directories: readonly Saboteur[] = [
  inside(
    'directories/small-floppies',
    VVFAT,
    'gives every floppy of a directory 1.44 MB',
    'drivers/vvfat/fat-layout',
    ['const DEFAULT_FLOPPY = { ...FLOPPY,', 'const DEFAULT_FLOPPY = { ...SMALL_FLOPPY,'],
  ),
  inside(
    'directories/long-names-cut',
    VVFAT,
    'shows the first 13 characters of the names of files in a directory',
    'drivers/vvfat/fat-names',
    ['const count = Math.ceil(name.length / PIECE_UNITS);', 'const count = 1;'],
  ),
  inside(
    'directories/checksum-of-long-names',
    VVFAT,
    'puts no checksum into the pieces of long names',
    'drivers/vvfat/fat-names',
    ['entry[13] = sum;', ';'],
  ),
  inside(
    'directories/short-names-alike',
    VVFAT,
    'gives files the same short name whose names begin alike',
    'drivers/vvfat/fat-names',
    [
      'if (this.#taken.has(short))\n                continue;\n            this.#tails.set(key, number);',
      ';',
    ],
  ),
  inside(
    'directories/dots-lead-to-the-top',
    VVFAT,
    'has .. of every directory lead to the root directory',
    'drivers/vvfat/shown-tree',
    ['first: parent.parent ? firstCluster(parent) : 0', 'first: 0'],
  ),
  inside(
    'directories/one-table',
    VVFAT,
    'fills the first of the two tables alone',
    'drivers/vvfat/shown-disk',
    ['[this.#table, (sector - fatStart) % fatSectors]', '[this.#table, sector - fatStart]'],
  ),
  inside(
    'directories/chains-of-one',
    VVFAT,
    'ends every chain of clusters with the first',
    'drivers/vvfat/fat-table',
    ['this.#put(at, at + 1);', 'this.#put(at, LAST[this.#type]);'],
  ),
  inside(
    'directories/dates-of-another-month',
    VVFAT,
    'has entries tell the month after that of the change',
    'drivers/vvfat/directory-entries',
    ['((date.getMonth() + 1) << 5)', '((date.getMonth() + 2) << 5)'],
  ),
  inside(
    'directories/capacity-unchecked',
    VVFAT,
    'opens a directory that is larger than the disk',
    'drivers/vvfat/shown-tree',
    ['first + count > clusters + FIRST_CLUSTER', 'count < 0'],
  ),
  inside('directories/rw-of-read-only-nodes', VVFAT, 'takes rw for a read-only node', 'drivers/vvfat/index', [
    'if (rw && readOnly)',
    'if (rw && readOnly && dir === label)',
  ]),
  inside(
    'directories/boot-sector-writable',
    VVFAT,
    'lets a guest write to the boot sector',
    'drivers/vvfat/guest-writes',
    ['if (offset <= layout.boot * SECTOR) {', 'if (offset < 0) {'],
  ),
  inside(
    'directories/first-cluster-alone',
    VVFAT,
    'writes what goes into any cluster of a file into the first',
    'drivers/vvfat/guest-writes',
    [
      'const position = place ? place.index * layout.clusterBytes + within : 0;',
      'const position = place ? within : 0;',
    ],
  ),
  inside(
    'directories/slack-in-the-file',
    VVFAT,
    'writes whole sectors into a file, also behind its end',
    'drivers/vvfat/guest-writes',
    ['Math.min(length, place.item.size - position)', 'length'],
  ),
  inside(
    'directories/growth-ignored',
    VVFAT,
    'leaves a file as long as it was when a guest makes it longer',
    'drivers/vvfat/carry-out',
    ['else if (guest.size > item.size) {', 'else if (guest.size < 0) {'],
  ),
  inside(
    'directories/cuts-ignored',
    VVFAT,
    'leaves a file as long as it was when a guest makes it shorter',
    'drivers/vvfat/carry-out',
    ['if (isCut)', 'if (isCut && guest.size < 0)'],
  ),
  inside(
    'directories/new-files-empty',
    VVFAT,
    'makes the files that a guest makes without their bytes',
    'drivers/vvfat/carry-out',
    [
      'await this.#fill(pathOf(made), true, 0, guest.size, read);',
      'await this.#fill(pathOf(made), true, 0, 0, read);',
    ],
  ),
  inside(
    'directories/renames-copy',
    VVFAT,
    'leaves a file under its old name when a guest gives it another',
    'drivers/vvfat/match-trees',
    [
      'hostName: isKept ? item.hostName : hostNameOf(guest.name)',
      'hostName: item ? item.hostName : hostNameOf(guest.name)',
    ],
  ),
  inside(
    'directories/names-without-words',
    VVFAT,
    'takes no word of the name of a disk over a directory for a floppy',
    'drivers/vvfat/index',
    ["floppy: has('floppy'),", 'floppy: false,'],
  ),
  inside(
    'directories/medium-of-floppies',
    VVFAT,
    'tells of floppies that they are hard disks',
    'drivers/vvfat/fat-layout',
    ['media: floppy ? 0xf0 : 0xf8,', 'media: 0xf8,'],
  ),
  inside(
    'directories/partition-cut',
    VVFAT,
    'ends the partition of a hard disk a cylinder early',
    'drivers/vvfat/boot-sectors',
    [
      'put(PARTITION_TABLE + 5, sectors - 1);',
      'put(PARTITION_TABLE + 5, sectors - 1 - heads * sectorsPerTrack);',
    ],
  ),
];
