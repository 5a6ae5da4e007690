/** `query-blockstats`: statistics of all nodes, the oldest first, or of the guest's drives, which there are none of. */
import { describeStats } from '../graph/query.ts';
import type { Handler } from './command.ts';

export const queryBlockstats: Handler = (args, { block }) =>
  args['query-nodes'] ? block.graph.nodes.map(describeStats) : [];
