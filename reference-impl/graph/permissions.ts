/**
 * Permissions: what each parent of a node does with it (`perm`), and what it lets the others do (`sharedPerm`).
 *
 * A parent holds the node through an edge of the graph, a `BdrvChild`: it is another node, a job, or a root such as a
 * drive. What a node's parents do adds up, what they share is what all of them share, and both go on to the node's own
 * children by their role. A
 * change is first checked all the way down, then made, so that a refusal leaves everything as it was.
 */
import type { ChildRole } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';

/** What a parent may do to a child, as bits that combine by or: those of QEMU's BLK_PERM flags that somebody does not share. */
export const Permission = {
  consistentRead: 1,
  write: 2,
  resize: 4,
} as const;

/** As `sharedPerm`: the others may do anything. */
export const ALL_PERMISSIONS = 7;
const NAMED = ['consistent read', 'write', 'resize'].map((name, index) => ({ name, bit: 1 << index }));

/** Bit sets of `Permission`. */
export interface Permissions {
  readonly perm: number;
  readonly sharedPerm: number;
}

/** Takes no permission, and lets others take every one. */
export const NOTHING: Permissions = { perm: 0, sharedPerm: ALL_PERMISSIONS };

/** An edge of the graph: a node as a child of whoever holds it, with the permissions of that one. */
export interface BdrvChild {
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
  readonly children: Iterable<BdrvChild & { readonly role: ChildRole }>;
  readonly parents: Iterable<BdrvChild>;
  /** Other nodes that hold locks on the same file of the host. */
  lockPeers(): Iterable<PermissionNode>;
}

type Plan = Map<BdrvChild, Permissions>;

/** Changes what the user behind `edge` does; throws `CommandError` if that conflicts with another user. */
export function setPermissions(edge: BdrvChild, permissions: Permissions): void {
  const plan: Plan = new Map();
  propose(edge, permissions, plan);
  for (const [changed, value] of plan) changed.permissions = value;
}

/** The permissions of a parent node on a child of this role, given what its own parents do with it. */
export function childPermissions(
  role: ChildRole,
  parent: { readonly readOnly: boolean; readonly forceShare: boolean; readonly parents: Iterable<BdrvChild> },
  plan: Plan = new Map(),
): Permissions {
  const permissions = BY_ROLE[role](cumulative(parent.parents, plan), parent.readOnly);
  return parent.forceShare ? { ...permissions, sharedPerm: ALL_PERMISSIONS } : permissions;
}

/** What is done to a child for those who do this with its parent. */
const BY_ROLE: Readonly<Record<ChildRole, (users: Permissions, readOnly: boolean) => Permissions>> = {
  file: ({ perm, sharedPerm }, readOnly) => ({
    perm: perm | Permission.consistentRead | (readOnly ? 0 : Permission.write | Permission.resize),
    // A format's metadata bears no other writer.
    sharedPerm: sharedPerm & ~(Permission.write | Permission.resize),
  }),
  backing: ({ perm, sharedPerm }) => {
    // It is only read. Who bears that this node changes bears that what shows through does.
    const changes = sharedPerm & Permission.write ? Permission.write | Permission.resize : 0;
    return {
      perm: perm & Permission.consistentRead,
      sharedPerm: Permission.consistentRead | changes,
    };
  },
  filtered: (users) => users,
  'job-filtered': ({ perm }) => ({ perm: perm & Permission.write, sharedPerm: ALL_PERMISSIONS }),
};

function propose(edge: BdrvChild, wanted: Permissions, plan: Plan): void {
  checkSiblings(edge, wanted, plan);
  plan.set(edge, wanted);
  const { node } = edge;
  if (node.readOnly && cumulative(node.parents, plan).perm & Permission.write)
    throw new CommandError('Block node is read-only');
  checkLocks(node, plan);
  for (const child of node.children) propose(child, childPermissions(child.role, node, plan), plan);
}

function checkSiblings(edge: BdrvChild, wanted: Permissions, plan: Plan): void {
  for (const other of edge.node.parents) {
    if (other === edge) continue;
    const { perm, sharedPerm } = plan.get(other) ?? other.permissions;
    const conflict = (verb: string, bits: number) =>
      new CommandError(
        `Conflicts with use by ${other.userName() || 'a block device'} as '${other.name}', which ${verb} '${names(bits)}' on ${edge.node.name}`,
      );
    if (wanted.perm & ~sharedPerm) throw conflict('does not allow', wanted.perm & ~sharedPerm);
    if (perm & ~wanted.sharedPerm) throw conflict('uses', perm & ~wanted.sharedPerm);
  }
}

/**
 * Two nodes of one host file conflict as two users of one node would. On the host, each permission is a byte that is
 * locked by those who take it, and a second byte by those who do not share it.
 */
function checkLocks(node: PermissionNode, plan: Plan): void {
  const { perm, sharedPerm } = cumulative(node.parents, plan);
  const others = [...node.lockPeers()].map((peer) => cumulative(peer.parents, plan));
  for (const { name, bit } of NAMED) {
    if (perm & bit && others.some((other) => !(other.sharedPerm & bit)))
      throw new CommandError(`Failed to get "${name}" lock`);
    if (!(sharedPerm & bit) && others.some((other) => other.perm & bit))
      throw new CommandError(`Failed to get shared "${name}" lock`);
  }
}

function cumulative(edges: Iterable<BdrvChild>, plan: Plan): Permissions {
  let { perm, sharedPerm } = NOTHING;
  for (const edge of edges) {
    const permissions = plan.get(edge) ?? edge.permissions;
    perm |= permissions.perm;
    sharedPerm &= permissions.sharedPerm;
  }
  return { perm, sharedPerm };
}

function names(bits: number): string {
  return NAMED.filter(({ bit }) => bits & bit)
    .map(({ name }) => name)
    .join(', ');
}
