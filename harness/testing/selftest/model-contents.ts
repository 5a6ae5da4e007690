/** What the nodes of the fake endpoint contain: clusters of their own, and those of their backing nodes below. */
import type { Node } from './model-endpoint.ts';

export const CLUSTER = 65536;

/** Larger nodes contain nothing. */
const LARGEST = 4 * 2 ** 20;

export type Nodes = ReadonlyMap<string, Node>;

/** Clusters that a node has room for. */
export function clustersOf({ size }: Node): number {
  return size <= LARGEST ? Math.ceil(size / CLUSTER) : 0;
}

/** As a guest sees it. */
export function clusterAt(nodes: Nodes, node: Node, index: number): Buffer {
  const seen = new Set<Node>();
  for (let layer: Node | undefined = node; layer !== undefined && !seen.has(layer); ) {
    const own = layer.clusters.get(index);
    if (own !== undefined) return own;
    seen.add(layer);
    layer = layer.backing === null ? undefined : nodes.get(layer.backing);
  }
  return Buffer.alloc(CLUSTER);
}

export function readNode(nodes: Nodes, node: Node, offset: number, length: number): Buffer {
  const result = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const at = offset + done;
    const part = Math.min(length - done, CLUSTER - (at % CLUSTER));
    clusterAt(nodes, node, Math.floor(at / CLUSTER)).copy(result, done, at % CLUSTER, (at % CLUSTER) + part);
    done += part;
  }
  return result;
}

export function writeNode(nodes: Nodes, node: Node, offset: number, data: Buffer): void {
  for (let done = 0; done < data.length; ) {
    const at = offset + done;
    const index = Math.floor(at / CLUSTER);
    const part = Math.min(data.length - done, CLUSTER - (at % CLUSTER));
    const cluster = Buffer.from(clusterAt(nodes, node, index));
    data.copy(cluster, at % CLUSTER, done, done + part);
    node.clusters.set(index, cluster);
    done += part;
  }
}

/** All that a guest sees, by cluster. */
export function visible(nodes: Nodes, node: Node): Map<number, Buffer> {
  return new Map(
    Array.from({ length: clustersOf(node) }, (_, index) => [index, clusterAt(nodes, node, index)]),
  );
}

/** The node contains this then, as far as it reaches. */
export function fillNode(node: Node, clusters: ReadonlyMap<number, Buffer>): void {
  for (const [index, cluster] of clusters) if (index < clustersOf(node)) node.clusters.set(index, cluster);
}

/** What is beyond the end is gone, also when the node grows again. */
export function cutNode(node: Node): void {
  const end = clustersOf(node);
  for (const index of node.clusters.keys()) if (index >= end) node.clusters.delete(index);
  const last = node.clusters.get(end - 1);
  if (last !== undefined && node.size % CLUSTER !== 0) {
    const cut = Buffer.from(last);
    cut.fill(0, node.size % CLUSTER);
    node.clusters.set(end - 1, cut);
  }
}

/** No byte is zero, and no two clusters of two nodes are equal. */
export function pattern(seed: number, index: number): Buffer {
  return Buffer.alloc(CLUSTER, 1 + ((seed * 37 + index) % 255));
}
