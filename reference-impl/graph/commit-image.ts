/** The human monitor's `commit`: writes what an image holds down into its backing file. No job: who asks waits. */
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { isAllocated } from './backing-chain.ts';
import type { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { reopenAsBefore, setReadOnly } from './reopen.ts';

/** Bytes that are copied at once. */
const STRETCH = 0x100000;

/** The image is empty afterwards, where its format can be made so and it may be written. Throws `IoError`, also where there is no backing file. */
export async function commitImage(graph: NodeGraph, top: Node): Promise<void> {
  const base = top.backing?.node;
  if (!base) throw new IoError('ENOTSUP');
  const isBusy = top.blockers.reason() !== undefined || base.blockers.reasonBesidesOverlay() !== undefined;
  if (isBusy) throw new IoError('EBUSY');
  const wasReadOnly = base.readOnly;
  try {
    await setReadOnly(graph, base, false);
    if (base.io.length() < top.io.length()) await base.truncate(top.io.length());
    await copyDown(top, base);
    const { state } = top;
    if (state.makeEmpty && !top.readOnly) await top.runSerialising(async () => state.makeEmpty?.());
  } catch (error) {
    throw error instanceof CommandError ? new IoError('EACCES') : error;
  } finally {
    await reopenAsBefore(graph, base, wasReadOnly);
  }
}

async function copyDown(top: Node, base: Node): Promise<void> {
  for (let offset = 0; offset < top.io.length(); ) {
    const most = Math.min(STRETCH, top.io.length() - offset);
    const { allocated, length } = await isAllocated(top, offset, most);
    if (allocated) {
      const data = new Uint8Array(length);
      await top.io.read(offset, data);
      await base.io.write(offset, data);
    }
    offset += length;
  }
  await base.io.flush();
}
