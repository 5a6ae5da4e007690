/** The last thing that a job writes: the name of the base into the header of the image that will stand on it. */

import { writeBackingName } from '../graph/backing.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';

/** `base`: undefined for none. `name`: instead of the base's own. Throws `IoError`, and then the old name stands. */
export async function nameBase(
  graph: NodeGraph,
  image: Node,
  base: Node | undefined,
  name: string | undefined,
): Promise<void> {
  try {
    await writeBackingName(
      graph,
      image,
      base && { name: name ?? base.filename.shown, format: base.driverName },
    );
  } catch (error) {
    throw error instanceof CommandError ? new IoError('EIO') : error;
  }
}
