import { beforeEach, describe, expect, test } from 'vitest';
import type { ChildRole } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';
import {
  type BdrvChild,
  childPermissions,
  NOTHING,
  Permission,
  type Permissions,
  setPermissions,
} from './permissions.ts';

interface TestNode {
  readonly name: string;
  readonly readOnly: boolean;
  readonly children: (BdrvChild & { readonly role: ChildRole })[];
  readonly parents: BdrvChild[];
  readonly forceShare: boolean;
  lockPeers(): TestNode[];
}

const node = (name: string, readOnly = false): TestNode => ({
  name,
  readOnly,
  children: [],
  parents: [],
  forceShare: false,
  lockPeers: () => [],
});

function root(of: TestNode, user: string): BdrvChild {
  const edge: BdrvChild = {
    node: of,
    name: 'root',
    role: 'root',
    userName: () => user,
    permissions: NOTHING,
  };
  of.parents.push(edge);
  return edge;
}

function child(parent: TestNode, of: TestNode, name: string, role: ChildRole): BdrvChild {
  const edge = { node: of, name, role, userName: () => parent.name, permissions: NOTHING };
  of.parents.push(edge);
  setPermissions(edge, childPermissions(role, parent));
  parent.children.push(edge);
  return edge;
}

const takes = (bits: number): Permissions => ({ ...NOTHING, perm: bits });

describe('a format on its file', () => {
  let file: TestNode;
  beforeEach(() => {
    file = node('f');
  });

  test('lets nobody else write', () => {
    child(node('q'), file, 'file', 'file');
    const other = root(file, 'd0');
    expect(() => setPermissions(other, takes(Permission.write | Permission.resize))).toThrow(
      new CommandError("Conflicts with use by q as 'file', which does not allow 'write, resize' on f"),
    );
    expect(other.permissions).toBe(NOTHING);
  });

  test('may not come where another already reads what must not change', () => {
    const reader = root(file, 'd1');
    setPermissions(reader, { perm: Permission.consistentRead, sharedPerm: Permission.consistentRead });
    expect(() => child(node('q'), file, 'file', 'file')).toThrow(
      "Conflicts with use by d1 as 'root', which does not allow 'write, resize' on f",
    );
  });

  test('does not share what another user uses', () => {
    setPermissions(root(file, 'd1'), takes(Permission.write));
    expect(() => child(node('q', true), file, 'file', 'file')).toThrow(
      "Conflicts with use by d1 as 'root', which uses 'write' on f",
    );
  });

  test('needs to write, unless it is read-only', () => {
    const readOnly = node('f', true);
    expect(() => child(node('q'), readOnly, 'file', 'file')).toThrow(
      new CommandError('Block node is read-only'),
    );
    readOnly.parents.length = 0;
    expect(child(node('q', true), readOnly, 'file', 'file').permissions.perm).toBe(Permission.consistentRead);
  });
});

describe('a filter', () => {
  test('takes of its child what its users take of it', () => {
    const disk = node('disk');
    const filter = node('filter');
    const edge = child(filter, disk, 'file', 'filtered');
    expect(edge.permissions).toEqual(NOTHING);
    const user = root(filter, 'd0');
    setPermissions(user, { perm: Permission.write, sharedPerm: Permission.consistentRead });
    expect(edge.permissions.perm).toBe(Permission.write);
    setPermissions(user, NOTHING);
    expect(edge.permissions).toEqual(NOTHING);
  });

  test('hides no conflict, and a refusal changes nothing', () => {
    const disk = node('disk');
    const [left, right] = [node('left'), node('right')];
    const leftEdge = child(left, disk, 'file', 'filtered');
    child(right, disk, 'file', 'filtered');
    setPermissions(root(right, 'd0'), { perm: 0, sharedPerm: Permission.consistentRead });
    const user = root(left, 'd1');
    expect(() => setPermissions(user, takes(Permission.write))).toThrow(
      "Conflicts with use by right as 'file', which does not allow 'write' on disk",
    );
    expect([user.permissions, leftEdge.permissions]).toEqual([NOTHING, NOTHING]);
  });
});
