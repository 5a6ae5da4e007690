/**
 * Permissions: what each user of a node does with it, and what it lets the others do.
 *
 * A user is an edge of the graph: a parent node, or a root such as a resize in progress. What a node's users take
 * adds up, what they share is what all of them share, and both go on to the node's own children by their role. A
 * change is first checked all the way down, then made, so that a refusal leaves everything as it was.
 */
import type { ChildRole } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';

export const Permission = {
  consistentRead: 1,
  write: 2,
  writeUnchanged: 4,
  resize: 8,
  changeChildren: 16,
} as const;

/** As a set that shares: lets others do anything. */
export const ALL_PERMISSIONS = 31;
const NAMES = ['consistent read', 'write', 'write unchanged', 'resize', 'change children'];

/** Bit sets of `Permission`. */
export interface Permissions {
  readonly takes: number;
  readonly shares: number;
}

export const NOTHING: Permissions = { takes: 0, shares: ALL_PERMISSIONS };

export interface Edge {
  readonly node: PermissionNode;
  /** The child's name in its parent, `root` where the user is no node; what the node is to a job. */
  readonly name: string;
  readonly role: ChildRole | 'root' | 'job';
  /** How messages call the user. */
  userName(): string;
  permissions: Permissions;
}

interface PermissionNode {
  readonly name: string;
  readonly readOnly: boolean;
  /** Its children may be used by others in any way (`force-share`). */
  readonly forceShare: boolean;
  readonly children: Iterable<Edge>;
  readonly parents: Iterable<Edge>;
  /** Other nodes that hold locks on the same file of the host. */
  lockPeers(): Iterable<PermissionNode>;
}

type Plan = Map<Edge, Permissions>;

/** Changes what the user behind `edge` does; throws `CommandError` if that conflicts with another user. */
export function setPermissions(edge: Edge, permissions: Permissions): void {
  const plan: Plan = new Map();
  propose(edge, permissions, plan);
  for (const [changed, value] of plan) changed.permissions = value;
}

/** What a parent node takes on a child of this role, given what its own users do with it. */
export function childPermissions(
  role: Edge['role'],
  parent: { readonly readOnly: boolean; readonly forceShare: boolean; readonly parents: Iterable<Edge> },
  plan: Plan = new Map(),
): Permissions {
  const permissions = byRole(role, parent.readOnly, cumulative(parent.parents, plan));
  return parent.forceShare ? { ...permissions, shares: ALL_PERMISSIONS } : permissions;
}

function byRole(role: Edge['role'], readOnly: boolean, { takes, shares }: Permissions): Permissions {
  switch (role) {
    case 'file':
      return {
        takes: takes | Permission.consistentRead | (readOnly ? 0 : Permission.write | Permission.resize),
        // A format's metadata bears no other writer.
        shares: (shares | Permission.changeChildren) & ~(Permission.write | Permission.resize),
      };
    case 'backing': {
      // It is only read. Who bears that this node changes bears that what shows through does.
      const changes = shares & Permission.write ? Permission.write | Permission.resize : 0;
      return {
        takes: takes & Permission.consistentRead,
        shares: Permission.consistentRead | Permission.writeUnchanged | Permission.changeChildren | changes,
      };
    }
    case 'overseen':
      return { takes: takes & Permission.write, shares: ALL_PERMISSIONS };
    default:
      return { takes: takes & ~Permission.changeChildren, shares: shares | Permission.changeChildren };
  }
}

function propose(edge: Edge, wanted: Permissions, plan: Plan): void {
  checkSiblings(edge, wanted, plan);
  plan.set(edge, wanted);
  const { node } = edge;
  if (node.readOnly && cumulative(node.parents, plan).takes & Permission.write)
    throw new CommandError('Block node is read-only');
  checkLocks(node, plan);
  for (const child of node.children) propose(child, childPermissions(child.role, node, plan), plan);
}

function checkSiblings(edge: Edge, wanted: Permissions, plan: Plan): void {
  for (const other of edge.node.parents) {
    if (other === edge) continue;
    const { takes, shares } = plan.get(other) ?? other.permissions;
    const conflict = (verb: string, bits: number) =>
      new CommandError(
        `Conflicts with use by ${other.userName() || 'a block device'} as '${other.name}', which ${verb} '${names(bits)}' on ${edge.node.name}`,
      );
    if (wanted.takes & ~shares) throw conflict('does not allow', wanted.takes & ~shares);
    if (takes & ~wanted.shares) throw conflict('uses', takes & ~wanted.shares);
  }
}

/**
 * Two nodes of one host file conflict as two users of one node would. On the host, each permission is a byte that is
 * locked by those who take it, and a second byte by those who do not share it.
 */
function checkLocks(node: PermissionNode, plan: Plan): void {
  const { takes, shares } = cumulative(node.parents, plan);
  const others = [...node.lockPeers()].map((peer) => cumulative(peer.parents, plan));
  for (const [index, name] of NAMES.entries()) {
    const bit = 1 << index;
    if (takes & bit && others.some((other) => !(other.shares & bit)))
      throw new CommandError(`Failed to get "${name}" lock`);
    if (!(shares & bit) && others.some((other) => other.takes & bit))
      throw new CommandError(`Failed to get shared "${name}" lock`);
  }
}

function cumulative(edges: Iterable<Edge>, plan: Plan): Permissions {
  let { takes, shares } = NOTHING;
  for (const edge of edges) {
    const permissions = plan.get(edge) ?? edge.permissions;
    takes |= permissions.takes;
    shares &= permissions.shares;
  }
  return { takes, shares };
}

function names(bits: number): string {
  return NAMES.filter((_, index) => bits & (1 << index)).join(', ');
}
