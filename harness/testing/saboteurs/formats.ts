/** Saboteurs of the formats besides raw, qcow2 and luks. */
import { inside, type Saboteur } from './saboteur.ts';

const FORMAT = 'BlockdevOptionsGenericFormat';
const COW_FORMAT = 'BlockdevOptionsGenericCOWFormat';
const QED = 'drivers/qed/index';
const QED_TABLES = 'drivers/qed/qed-tables';
const PARALLELS = 'drivers/parallels/index';
const DISK = 'drivers/clustered/cluster-disk';

export const formats: readonly Saboteur[] = [
  inside('formats/qed-unrepaired', COW_FORMAT, 'takes a qed image as it was left by an unclean stop', QED, [
    'await repair(file, header, tables);',
    '',
  ]),
  inside(
    'formats/qed-stays-marked',
    COW_FORMAT,
    'leaves the mark in a qed image that it closes',
    QED_TABLES,
    ['if (!needCheck)\n            await', 'if (!needCheck)\n            return;\n        await'],
  ),
  inside(
    'formats/qed-repaired-in-front',
    COW_FORMAT,
    'writes what is repaired of the end of a long qed table over its beginning',
    'drivers/qed/repair',
    ['await file.write(offset + start, bytes);', 'await file.write(offset, bytes);'],
  ),
  inside('formats/qed-zeroes-missing', COW_FORMAT, 'shows the backing file for zeroes of qed', QED_TABLES, [
    "return entry === ZERO_ENTRY ? 'zero' : 'data';",
    "return entry === ZERO_ENTRY ? 'unallocated' : 'data';",
  ]),
  inside(
    'formats/rest-of-cluster',
    COW_FORMAT,
    'copies nothing up behind what is written to a new cluster',
    DISK,
    ['await this.read(from + tail, bytes.subarray(tail, end));', ''],
  ),
  inside('formats/parallels-unclosed', FORMAT, 'writes to a parallels image that was not closed', PARALLELS, [
    'if (header.inUse)',
    'if (header.size < 0)',
  ]),
  inside(
    'formats/parallels-old-unit',
    FORMAT,
    'takes entries of old parallels images for numbers of clusters',
    'drivers/parallels/parallels-header',
    ['unit: isExtended ? clusterSize : SECTOR,', 'unit: clusterSize,'],
  ),
  inside('formats/compressed-start', 'BlockdevOptionsQcow', 'reads the start of a compressed cluster', DISK, [
    'buffer.set(cluster.subarray(within, within + buffer.length));',
    'buffer.set(cluster.subarray(0, buffer.length));',
  ]),
];
