/** Makes a new qed image in an existing file. */
import { CommandError } from '../../qapi/command-error.ts';
import type { CreateEnvironment, NamedCreation } from '../driver.ts';
import { type Header, isSize, maxSize, serialiseHeader } from './qed-header.ts';

const CLUSTER = 65536;
const TABLE = 4 * CLUSTER;

/** Layout: the header in the first cluster, then the L1 table. Throws `CommandError`. */
export async function createImage({ options, file: open }: CreateEnvironment<NamedCreation>): Promise<void> {
  const { size, 'backing-file': name, 'backing-fmt': format } = options;
  if (!isSize(size, CLUSTER, TABLE))
    throw new CommandError(
      `QED image size must be a non-zero multiple of cluster size and less than ${maxSize(CLUSTER, TABLE)} bytes`,
    );
  const header: Header = {
    clusterSize: CLUSTER,
    tableSize: TABLE,
    headerSize: CLUSTER,
    l1Offset: CLUSTER,
    size,
    needCheck: false,
    hasAutoclear: false,
    backing: name === undefined ? undefined : { name, format },
  };
  const bytes = serialiseHeader(header);
  const file = await open();
  await file.truncate(0);
  await file.write(0, bytes);
  await file.writeZeroes(CLUSTER, TABLE);
}
