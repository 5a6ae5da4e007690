/** `query-named-block-nodes`: all nodes, the newest first. */
import { describeNode } from '../graph/query.ts';
import type { Handler } from './command.ts';

export const queryNamedBlockNodes: Handler = (_args, { block }) =>
  block.graph.nodes
    .filter((node) => !node.dead)
    .toReversed()
    .map((node) => describeNode(node));
