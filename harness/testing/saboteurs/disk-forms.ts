/** Saboteurs of how disks are made: geometry, serial numbers, blocks, and what of that is refused. */
import { inside, type Saboteur } from './saboteur.ts';

const GEOMETRY = 'devices/geometry';
const SETTLED = 'devices/settled-properties';
const IDENTITY = 'devices/ide/identify-data';
const ADDRESSES = 'devices/ide/ata-addressing';
const UNITS = 'devices/ide/ide-units';
const SIZES = 'devices/block-sizes';
const VIRTIO = 'devices/models/virtio';
const HARDWARE = 'options/drive-hardware';
const REGISTRY = 'devices/device-registry';

export const diskForms: readonly Saboteur[] = [
  inside('disk-forms/serial-lost', 'qom-get', 'forgets the serial number that a drive says', HARDWARE, [
    '...(serial !== undefined && { serial }),',
    '',
  ]),
  inside('disk-forms/stick-closed', 'device_del', 'keeps the disk within a stick', 'devices/models/usb', [
    'offers: { ...SCSI_BUS,',
    'offers: { ...SCSI_BUS, hotplug: false,',
  ]),
  inside('disk-forms/parts-twice', 'DEVICE_DELETED', 'tells of a part again that went before', REGISTRY, [
    'device.owner?.parts.clear();',
    '',
  ]),
  inside(
    'disk-forms/given-unseen',
    'qom-get',
    'gives a disk the geometry of its size all the same',
    SETTLED,
    ['const given = givenGeometry(device) ?? backend.hardware.geometry;', 'const given = undefined;'],
  ),
  inside(
    'disk-forms/partial',
    'device_add',
    'takes a geometry of which a part is missing for none',
    SETTLED,
    [
      'if (cylinders === 0 && heads === 0 && sectors === 0)',
      'if (cylinders === 0 || heads === 0 || sectors === 0)',
    ],
  ),
  inside('disk-forms/unbounded', 'device_add', 'takes more heads than there can be', GEOMETRY, [
    "['heads', geometry.heads, heads]",
    "['heads', geometry.heads, Infinity]",
  ]),
  inside('disk-forms/tracks-unbounded', 'device_add', 'takes more sectors than there can be', GEOMETRY, [
    "['secs', geometry.sectors, GIVEN_MOST.sectors]",
    "['secs', geometry.sectors, Infinity]",
  ]),
  inside('disk-forms/no-fewest', 'qom-get', 'guesses one cylinder for the smallest disks', GEOMETRY, [
    'Math.max(cylinders, FEWEST_CYLINDERS)',
    'Math.max(cylinders, 1)',
  ]),
  inside('disk-forms/no-most', 'qom-get', 'guesses as many cylinders as there are', GEOMETRY, [
    'Math.min(Math.max(cylinders, FEWEST_CYLINDERS), MOST_CYLINDERS)',
    'Math.max(cylinders, FEWEST_CYLINDERS)',
  ]),
  inside('disk-forms/partitions-unread', 'qom-get', 'does not look at partitions', GEOMETRY, [
    'const found = partitionedGeometry(total, firstSector);',
    'const found = undefined;',
  ]),
  inside(
    'disk-forms/cylinder-bits',
    'qom-get',
    'takes bits of the cylinder for ones of the sector',
    GEOMETRY,
    ['firstSector[at + 6] & 0x3f', 'firstSector[at + 6]'],
  ),
  inside('disk-forms/translated-heads', 'qom-get', 'gives a disk the heads of its translation', GEOMETRY, [
    'if (found.heads <= HEADS)',
    'if (found.heads <= 255)',
  ]),
  inside('disk-forms/headless', 'qom-get', 'believes a partition that ends at head 0', GEOMETRY, [
    'length === 0 || lastHead === 0',
    'length === 0',
  ]),
  inside('disk-forms/no-translation', 'qom-get', 'needs no translation for as many cylinders', GEOMETRY, [
    'cylinders <= UNTRANSLATED.cylinders && heads',
    'heads',
  ]),
  inside('disk-forms/identity-guessed', 'qom-get', 'tells its guest the geometry of its size', UNITS, [
    "{ cylinders: number('cyls'), heads: number('heads'), sectors: number('secs') }",
    '{ cylinders: 2, heads: 16, sectors: 63 }',
  ]),
  inside('disk-forms/addresses', 'qom-get', 'counts 16 heads and 63 sectors of every disk', ADDRESSES, [
    '(cylinder * geometry.heads + (select & 0xf)) * geometry.sectors',
    '(cylinder * 16 + (select & 0xf)) * 63',
  ]),
  inside('disk-forms/serials-by-channel', 'qom-get', 'counts drives anew on each channel', SETTLED, [
    'ideBus * 2 + (unit ?? 0) + 1',
    '(unit ?? 0) + 1',
  ]),
  inside('disk-forms/empty-serial', 'qom-get', 'takes an empty serial number for none', SETTLED, [
    "properties.get('serial') ?? hardware.serial",
    "(properties.get('serial') || hardware.serial)",
  ]),
  inside('disk-forms/rotation', 'qom-get', 'does not tell its guest how fast a disk turns', IDENTITY, [
    '217: form.rotationRate',
    '217: 0',
  ]),
  inside('disk-forms/blocks', 'qom-get', 'tells its guest of blocks of a sector', IDENTITY, [
    '0x6000 | Math.log2(form.physicalBlock / SECTOR)',
    '0x6000',
  ]),
  inside('disk-forms/discards', 'qom-get', 'tells its guest to discard where that is off', IDENTITY, [
    '169: form.discards ? 1 : 0',
    '169: 1',
  ]),
  inside('disk-forms/granularity-left', 'qom-get', 'leaves the granularity of discards open', SETTLED, [
    'if (isOpen)',
    'if (false)',
  ]),
  inside('disk-forms/odd-granularity', 'device_add', 'takes a granularity of half a sector', SIZES, [
    "['min_io_size', 'opt_io_size', 'discard_granularity']",
    "['min_io_size', 'opt_io_size']",
  ]),
  inside('disk-forms/no-queues', 'device_add', 'takes a disk without queues', VIRTIO, [
    'if (queues === 0)\n',
    'if (false)\n',
  ]),
  inside('disk-forms/many-queues', 'device_add', 'takes as many queues as it is told', VIRTIO, [
    '|| queues > MOST_QUEUES',
    '',
  ]),
  inside('disk-forms/vectors', 'qom-get', 'has vectors for requests alone', VIRTIO, [
    'vectors: queues + 1',
    'vectors: queues',
  ]),
  inside('disk-forms/neither-virtio', 'device_add', 'takes devices of no version of virtio', VIRTIO, [
    "value('disable-legacy') === 'on' && value('disable-modern') === true",
    'false',
  ]),
];
