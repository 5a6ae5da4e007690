/** Saboteurs of image formats besides raw, qcow2 and luks. */
import { inside, type Saboteur } from './saboteur.ts';

export const otherFormats: readonly Saboteur[] = [
  inside(
    'other-formats/bochs-extents-in-order',
    'BlockdevOptionsGenericFormat',
    'takes the extents of a growing disk of Bochs to be in the file in order',
    'drivers/archives/bochs',
    [
      'Math.floor(at / extentBytes) * 4, true)',
      'Math.floor(at / extentBytes) * 4, true) && Math.floor(at / extentBytes)',
    ],
  ),
  inside(
    'other-formats/dmg-zeroes-unread',
    'BlockdevOptionsGenericFormat',
    'fails reads of the runs of a dmg image that are zeroes',
    'drivers/archives/dmg',
    ['buffer.fill(0);\n                return;', "throw new IoError('EIO');"],
  ),
  inside(
    'other-formats/vmdk-entries-in-copy',
    'BlockdevOptionsGenericCOWFormat',
    'writes the places of new grains of a VMDK image into the copy of its tables alone',
    'drivers/vmdk/grain-tables',
    [
      'await this.#pages.write(table, this.#entryAt(cluster), bytes);',
      'if (directory === this.#redundant)\n                await this.#pages.write(table, this.#entryAt(cluster), bytes);',
    ],
  ),
  inside(
    'other-formats/vmdk-extents-at-start',
    'BlockdevOptionsGenericCOWFormat',
    'writes to the start of an extent of a VMDK image that is as it is, wherever it should',
    'drivers/vmdk/vmdk-extents',
    ['file.write(start + offset, data)', 'file.write(start, data)'],
  ),
  inside(
    'other-formats/vmdk-compression-untold',
    'ImageInfoSpecificVmdk',
    'does not tell that the extent of a VMDK image is compressed',
    'drivers/vmdk/vmdk-image',
    ['compressed: true', ''],
  ),
  inside(
    'other-formats/vmdk-type-untold',
    'ImageInfoSpecificVmdk',
    'tells that every VMDK image is of the type custom',
    'drivers/vmdk/index',
    ["image.createType ?? ''", "'custom'"],
  ),
  inside(
    'other-formats/cloop-first-block',
    'BlockdevOptionsGenericFormat',
    'reads every block of a compressed loop image as the one that was read before',
    'drivers/archives/block-cache',
    ['this.#kept?.index !== index', 'this.#kept === undefined'],
  ),
  inside(
    'other-formats/reading-driver-writable',
    'BlockdevOptions',
    'lets a node of a driver that can only read pass for writable',
    'graph/open',
    ['if (state.onlyReads && !node.readOnly)', 'if (false)'],
  ),
  inside(
    'other-formats/vmdk-overlay-half-made',
    'BlockdevSnapshotSync',
    'finds only after it has made the file that a format cannot say of which format its backing file is',
    'graph/named-image',
    ['driver.namesBackingFormat === false', 'false'],
  ),
];
