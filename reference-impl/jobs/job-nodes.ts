/** The nodes that a job works on: claimed, so that nobody deletes, resizes or snapshots them, and used. */
import type { BlockJobType } from '../../spec/generated/qmp.ts';
import type { Node } from '../graph/node.ts';
import type { JobChild, NodeGraph, RootChild } from '../graph/node-graph.ts';
import { ALL_PERMISSIONS, NOTHING, type Permissions } from '../graph/permissions.ts';

export class JobNodes {
  readonly graph: NodeGraph;
  readonly #reason: string;
  readonly #userName: string;
  readonly #claims: { edge: JobChild; unblock: () => void }[] = [];
  readonly #uses: RootChild[] = [];

  constructor(graph: NodeGraph, type: BlockJobType, id: string) {
    this.graph = graph;
    this.#reason = `block device is in use by block job: ${type}`;
    this.#userName = `${type} job '${id}'`;
  }

  /** Claims a node: what it is to the job is told in errors. Throws `CommandError` if permissions conflict. */
  claim(node: Node, name: string, permissions: Permissions = NOTHING): void {
    const edge = this.graph.addJob(node, permissions, name, this.#userName);
    this.#claims.push({ edge, unblock: node.blockers.block(this.#reason) });
  }

  /** Uses a node as a device would. Throws `CommandError` if permissions conflict. */
  use(node: Node, perm = NOTHING.perm, sharedPerm = ALL_PERMISSIONS): void {
    this.#uses.push(this.graph.addRoot(node, { perm, sharedPerm }));
  }

  /** Whether the job has to do with a node. */
  has(node: Node): boolean {
    return (
      this.#claims.some(({ edge }) => edge.node === node) || this.#uses.some((edge) => edge.node === node)
    );
  }

  /** Lets go of all nodes; those that nobody else holds are closed. */
  async release(): Promise<void> {
    const nodes = new Set(this.letGo());
    for (const node of nodes) if (this.graph.nodes.includes(node)) await this.graph.releaseUnused(node);
  }

  /** Lets go of all nodes, without closing any. */
  letGo(): Node[] {
    const [claims, uses] = [this.#claims.splice(0), this.#uses.splice(0)];
    for (const { edge, unblock } of claims) {
      unblock();
      this.graph.removeJob(edge);
    }
    for (const edge of uses) this.graph.removeRoot(edge);
    return [...claims.map(({ edge }) => edge.node), ...uses.map(({ node }) => node)];
  }
}
