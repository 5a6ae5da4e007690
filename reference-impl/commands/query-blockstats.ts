/** `query-blockstats`: statistics of all nodes, or of the drives that have names; the oldest first. */
import { describeBackendStats } from '../backend/query-backends.ts';
import { describeStats } from '../graph/query-nodes.ts';
import type { Handler } from './handler.ts';

export const queryBlockstats: Handler<'query-blockstats'> = (args, { block, guestClock }) =>
  args['query-nodes']
    ? block.graph.nodes.filter((node) => !node.dead).map((node) => describeStats(node))
    : block.backends.named.map((backend) => describeBackendStats(backend, guestClock.now()));
