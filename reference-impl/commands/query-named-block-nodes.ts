/** `query-named-block-nodes`: all nodes, the newest first. */
import { describeNode } from '../graph/query-nodes.ts';
import type { Handler } from './handler.ts';

export const queryNamedBlockNodes: Handler<'query-named-block-nodes'> = (_args, { block }) =>
  block.graph.nodes
    .filter((node) => !node.dead)
    .toReversed()
    .map((node) => describeNode(node));
