/** `stop`: halts the guest, and brings what it wrote to stable storage. */
import { IoError } from '../host/errno.ts';
import type { Handler } from './handler.ts';

export const stop: Handler<'stop'> = async (_args, { run, block: { graph } }) => {
  run.stop();
  await graph.drainAll();
  for (const node of graph.nodes)
    await node.io.flush().catch((error: unknown) => {
      if (!(error instanceof IoError)) throw error;
    });
  return {};
};
