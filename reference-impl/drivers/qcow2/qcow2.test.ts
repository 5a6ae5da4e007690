/** `qcow2` behind the driver contract, in many shapes; and what it tells of itself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { make, openFile } from '../../testing/qcow2-fixture.ts';

const shapes: readonly { name: string; create?: JsonObject; open?: JsonObject }[] = [
  { name: 'qcow2' },
  { name: 'qcow2 version 2', create: { version: 'v2' } },
  { name: 'qcow2 version 2 of small clusters', create: { version: 'v2', 'cluster-size': 512 } },
  { name: 'qcow2 of small clusters with 1-bit counts', create: { 'cluster-size': 512, 'refcount-bits': 1 } },
  { name: 'qcow2 with 64-bit counts', create: { 'cluster-size': 1024, 'refcount-bits': 64 } },
  { name: 'qcow2 of large clusters', create: { 'cluster-size': 2 << 20, 'refcount-bits': 2 } },
  { name: 'qcow2 with lazy counts', create: { 'cluster-size': 4096, 'lazy-refcounts': true } },
  { name: 'qcow2 preallocated', create: { 'cluster-size': 4096, preallocation: 'full' } },
  {
    name: 'qcow2 with slices and caches that are too small',
    create: { 'cluster-size': 4096 },
    open: { 'l2-cache-entry-size': 512, 'l2-cache-size': 512, 'refcount-cache-size': 512 },
  },
  { name: 'qcow2 with every check', create: { 'cluster-size': 512 }, open: { 'overlap-check': 'all' } },
];

for (const { name, create, open } of shapes) {
  driverContract({
    name,
    make: async (folder, size) => {
      const filename = join(folder, 'disk.qcow2');
      await writeFile(filename, '');
      const file = await openFile(filename);
      await make(file, { size, ...create });
      await file.close();
      return { driver: 'qcow2', ...open, file: { driver: 'file', filename } };
    },
    keepsData: true,
    resizes: true,
    grows: false,
  });
}
