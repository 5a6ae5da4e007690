/** Internal snapshots: states of a disk that its image keeps inside itself. */
import type { SnapshotInfo } from '../../spec/generated/qmp.ts';
import type { InternalSnapshots } from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Node } from './node.ts';
import { assertRoot, type NodeGraph } from './node-graph.ts';

interface Subject {
  readonly node: Node;
  readonly snapshots: InternalSnapshots;
  readonly name: string;
}

/** Takes one; the result undoes that. Throws `CommandError`. */
export async function takeInternalSnapshot(
  graph: NodeGraph,
  device: string,
  name: string,
): Promise<() => Promise<void>> {
  const { node, snapshots, name: reference } = findSubject(graph, device);
  if (node.readOnly) throw new CommandError(`Device '${reference}' is read only`);
  if (name === '') throw new CommandError('Name is empty');
  if (snapshots.list().some((snapshot) => snapshot.name === name))
    throw new CommandError(`Snapshot with name '${name}' already exists on device '${device}'`);
  const wall = graph.services.clock.wall();
  const seconds = Number(wall / 1_000_000n);
  const nanoseconds = Number(wall % 1_000_000n) * 1000;
  await unlessIoFails(
    () => node.runSerialising(() => snapshots.create({ name, seconds, nanoseconds })),
    `Failed to create snapshot '${name}' on device '${reference}'`,
  );
  const id = snapshots.list().find((snapshot) => snapshot.name === name)!.id;
  return () => node.runSerialising(() => snapshots.delete(id));
}

/** Deletes the one with this id, name, or both; gives its `SnapshotInfo`. Throws `CommandError`. */
export async function deleteInternalSnapshot(
  graph: NodeGraph,
  device: string,
  wanted: { readonly id?: string | undefined; readonly name?: string | undefined },
): Promise<SnapshotInfo> {
  const { node, snapshots } = findSubject(graph, device);
  const { id, name } = wanted;
  if (id === undefined && name === undefined) throw new CommandError('Name or id must be provided');
  const found = snapshots
    .list()
    .find(
      (snapshot) =>
        (id === undefined || snapshot.id === id) && (name === undefined || snapshot.name === name),
    );
  if (!found)
    throw new CommandError(
      `Snapshot with id '${id ?? 'null'}' and name '${name ?? 'null'}' does not exist on device '${device}'`,
    );
  const deleted = found.id;
  await unlessIoFails(
    () => node.runSerialising(() => snapshots.delete(deleted)),
    `Failed to delete snapshot '${deleted}' on device '${device}'`,
  );
  return found;
}

function findSubject(graph: NodeGraph, device: string): Subject {
  const node = graph.lookup(device, device);
  assertRoot(node);
  graph.assertUnblocked(node);
  const name = graph.displayName(node);
  const { snapshots } = node.state;
  if (!snapshots)
    throw new CommandError(
      `Block format '${node.driverName}' used by device '${name}' does not support internal snapshots`,
    );
  return { node, snapshots, name };
}

async function unlessIoFails(work: () => Promise<void>, message: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof IoError) throw new CommandError(`${message}: ${error.message}`);
    throw error;
  }
}
