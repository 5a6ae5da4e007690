/**
 * Drained sections, QEMU's `bdrv_drained_begin` and `bdrv_drained_end`: while one lasts, jobs on its nodes rest and drivers
 * hold no request back; what was in flight when it began has ended.
 *
 * Sections nest. Requests that come meanwhile are served, since whoever drains makes some, and an export may serve a
 * node of this endpoint. Work that bears none beside it is a serialising request (`Node.runSerialising`).
 */
import type { Node } from './node.ts';

/** Who sends requests to nodes by itself: the jobs. */
export interface DrainedParent {
  /**
   * Lets what works on one of the nodes, or on any if there are none given, come to rest. Resolves when it rests, with
   * what lets it go on; it rests until every section has ended.
   */
  drainedBegin(nodes?: ReadonlySet<Node>): Promise<() => Promise<void>>;
}

/** Ends a section: drivers hold requests back again, and those who rested go on. Called once. */
export type DrainedEnd = () => Promise<void>;

/** Begins a section over nodes and those above them, whose requests reach them, or over `all` of a graph if there are none given. */
export async function drainedBegin(
  nodes: readonly Node[] | undefined,
  all: readonly Node[],
  parents: readonly DrainedParent[],
): Promise<DrainedEnd> {
  const above = nodes && closure(nodes, (node) => node.users);
  const below = nodes && closure(nodes, (node) => node.children.map((edge) => edge.node));
  // What the nodes below hold back keeps requests to these from ending.
  const waited = above && below ? new Set([...above, ...below]) : [...all];
  const holdAgain = releaseHeld(waited);
  const goOn: DrainedEnd[] = [];
  for (const parent of parents) goOn.push(await parent.drainedBegin(above));
  await allDone(waited);
  return async () => {
    holdAgain();
    for (const each of goOn) await each();
  };
}

/**
 * Lets go what drivers hold back of the requests to these nodes, there or further below, and lets them hold back none until
 * the result is called. Whoever waits for requests calls it: what is held back may have no end of its own.
 */
export function releaseHeld(nodes: Iterable<Node>): () => void {
  const below = closure(nodes, (node) => node.children.map((edge) => edge.node));
  const holdAgain = [...below].filter(({ isOpen }) => isOpen).map(({ state }) => state.drain?.());
  return () => {
    for (const each of holdAgain) each?.();
  };
}

/** Does work that waits for requests to these nodes, and lets drivers hold none of them back while it lasts. Rejects as `work` does. */
export async function whileReleased(nodes: Iterable<Node>, work: () => Promise<unknown>): Promise<void> {
  const holdAgain = releaseHeld(nodes);
  await work().finally(holdAgain);
}

/** Waits until what is in flight in these nodes alone has ended, whoever sends it. Jobs go on. */
export async function drainRequests(nodes: readonly Node[]): Promise<void> {
  await whileReleased(nodes, () => allDone(nodes));
}

async function allDone(nodes: Iterable<Node>): Promise<void> {
  const open = [...nodes].filter(({ isOpen }) => isOpen);
  await Promise.all(open.map(({ io }) => io.requests.allDone()));
}

/** The nodes, and all that `next` leads to. */
function closure(nodes: Iterable<Node>, next: (node: Node) => readonly Node[]): ReadonlySet<Node> {
  const found = new Set(nodes);
  for (const node of found) for (const other of next(node)) found.add(other);
  return found;
}
