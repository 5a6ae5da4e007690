/**
 * Filters that jobs put above a node, between it and its users: they pass every request on, and let the job do with the
 * nodes below what the users would not have allowed. They are no drivers that one could ask for.
 */
import type { AnyDriver, DriverState } from '../drivers/driver.ts';
import { Node, type NodeChild } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import type { BdrvChild } from '../graph/permissions.ts';

export type FilterName = 'mirror_top' | 'commit_top';

/** `filename`: what is shown, the same as below it. */
function driverOf(filename: string): AnyDriver {
  return {
    // To those who ask for the disk below filters, it is one of its own.
    kind: 'format',
    children: { backing: 'job-filtered' },
    plainFilename: () => filename,
    open: () => Promise.reject(new Error('a job makes its filter itself')),
  };
}

/** Puts a new filter between `below` and its users, `except` those. Throws `CommandError`. */
export function insertFilter(
  graph: NodeGraph,
  below: Node,
  { driverName, name, readOnly }: { driverName: FilterName; name: string | undefined; readOnly: boolean },
  except: readonly BdrvChild[] = [],
): Node {
  const filename = below.filename.shown;
  const own = { filename };
  const options = {
    ...below.options,
    own,
    shown: own,
    readOnly,
    detectZeroes: 'off',
    discard: 'unmap',
  } as const;
  const filter = new Node(driverName, driverOf(filename), options, {
    peers: () => graph.nodes,
    implicit: name === undefined,
  });
  graph.name(filter, name);
  const edge = graph.attach(filter, below, 'backing', filter.driver.children.backing!);
  filter.opened(passOn(edge));
  filter.backingAttached(below);
  graph.replaceNode(below, filter, [edge, ...except]);
  return filter;
}

/** Takes a filter out: its users use what is below it. */
export async function removeFilter(graph: NodeGraph, filter: Node): Promise<void> {
  const edge = filter.backing!;
  const below = edge.node;
  graph.replaceNode(filter, below);
  await graph.release(filter);
}

function passOn(child: NodeChild): DriverState {
  return {
    length: () => child.length(),
    read: (offset, buffer) => child.read(offset, buffer),
    write: (offset, data) => child.write(offset, data),
    writeZeroes: (offset, length, flags) => child.writeZeroes(offset, length, flags),
    discard: (offset, length) => child.discard(offset, length),
    flush: () => child.flush(),
    blockStatus: (offset, length) => child.blockStatus(offset, length),
    close: () => Promise.resolve(),
  };
}
