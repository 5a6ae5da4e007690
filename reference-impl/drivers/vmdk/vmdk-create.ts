/** Makes new VMDK images: sparse ones in one file. */
import { basename } from 'node:path';
import { CommandError } from '../../qapi/command-error.ts';
import type { ChildHandle, CreateEnvironment, NamedCreation } from '../driver.ts';
import { DESCRIPTOR_BYTES, newDescriptor } from './vmdk-descriptor.ts';
import { HeaderFlag, SECTOR, serialiseSparseHeader } from './vmdk-header.ts';

const GRAIN = 128;
const ENTRIES_PER_TABLE = 512;
const TABLE_SECTORS = (ENTRIES_PER_TABLE * 4) / SECTOR;
/** More than VMware makes; the directory would take much memory. */
const MAX_SECTORS = 2 ** 37;

/** Throws `CommandError`. */
export async function createImage(environment: CreateEnvironment<NamedCreation>): Promise<void> {
  const { options, file: open, random } = environment;
  if (options['backing-file'] !== undefined)
    throw new CommandError("Backing file not supported for file format 'vmdk'");
  const capacity = Math.ceil(options.size / SECTOR);
  if (capacity > MAX_SECTORS) throw new CommandError('Image is too big');
  const file = await open();
  await file.truncate(0);
  await writeEmpty(file, capacity, newDescriptor(basename(options.filename ?? ''), capacity, random()));
}

async function writeEmpty(file: ChildHandle, capacity: number, descriptor: Uint8Array): Promise<void> {
  const tables = Math.ceil(Math.ceil(capacity / GRAIN) / ENTRIES_PER_TABLE);
  const directorySectors = Math.ceil((tables * 4) / SECTOR);
  const copySectors = directorySectors + tables * TABLE_SECTORS;
  const descriptorOffset = 1;
  const descriptorSize = DESCRIPTOR_BYTES / SECTOR;
  const redundantDirectoryOffset = descriptorOffset + descriptorSize;
  const directoryOffset = redundantDirectoryOffset + copySectors;
  const overhead = Math.ceil((directoryOffset + copySectors) / GRAIN) * GRAIN;
  await file.truncate(overhead * SECTOR);
  for (const offset of [redundantDirectoryOffset, directoryOffset]) {
    const view = new DataView(new ArrayBuffer(directorySectors * SECTOR));
    for (let index = 0; index < tables; index++)
      view.setUint32(index * 4, offset + directorySectors + index * TABLE_SECTORS, true);
    await file.write(offset * SECTOR, new Uint8Array(view.buffer));
  }
  await file.write(descriptorOffset * SECTOR, descriptor);
  const header = serialiseSparseHeader({
    version: 1,
    flags: HeaderFlag.newlines | HeaderFlag.redundantTables,
    capacity,
    grain: GRAIN,
    descriptorOffset,
    descriptorSize,
    entriesPerTable: ENTRIES_PER_TABLE,
    redundantDirectoryOffset,
    directoryOffset,
    overhead,
    isCompressed: false,
  });
  await file.write(0, header);
}
