/** `snapshot=on`: what is written to an image goes to a temporary overlay, which is gone with its node. */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { asIoError, IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { createNamedImage } from './named-image.ts';
import type { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { openNode } from './open.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Opens an overlay of `base`, which is read-only from then on. Throws `CommandError`. */
export async function openTemporaryOverlay(graph: NodeGraph, base: Node, readOnly: boolean): Promise<Node> {
  const letter = () => LETTERS[graph.services.random() % LETTERS.length]!;
  const filename = join(process.env.TMPDIR ?? '/var/tmp', `vl.${Array.from({ length: 6 }, letter).join('')}`);
  await createNamedImage(graph, { filename, format: 'qcow2', size: base.io.length() });
  try {
    const overlay = await openNode(
      graph,
      {
        driver: 'qcow2',
        file: { driver: 'file', filename },
        // Nobody needs it after a crash.
        cache: { direct: false, 'no-flush': true },
        discard: base.options.discard,
        'read-only': readOnly,
      },
      { withoutBacking: true },
    );
    graph.attach(overlay, base, 'backing', 'backing', true);
    return overlay;
  } finally {
    // What is open stays until it is closed.
    await graph.services.hostWork
      .track(() => unlink(filename))
      .catch((error: unknown) => {
        const failure = asIoError(error);
        throw failure instanceof IoError
          ? new CommandError(`Could not remove '${filename}': ${failure.message}`)
          : failure;
      });
  }
}
