/**
 * Trays and media, by the rules of the commands for them. A drive without guest device has no tray, a floppy drive
 * neither: there a medium is exchanged as it is. Functions throw `CommandError`; `name` is what the caller called the drive.
 */
import type { BlockdevChangeReadOnlyMode } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockBackend } from '../backend/block-backend.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { definitionOf } from '../graph/definition.ts';
import { namedDefinition } from '../graph/named-image.ts';
import type { Node } from '../graph/node.ts';
import { type NodeGraph, roots } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import { CommandError } from '../qapi/command-error.ts';

/** A drive, and what the caller of a command called it. */
export interface NamedDrive {
  readonly backend: BlockBackend;
  readonly name: string;
}

/** Opens the tray, or asks the guest to where that has locked it: false. `force`: opens it all the same. */
export function openTray({ backend, name }: NamedDrive, force: boolean): boolean {
  assertRemovable(backend, name);
  const { device } = backend;
  if (!device?.tray || device.tray.open) return true;
  const { locked } = device.tray;
  if (locked) device.ejectRequest(force);
  if (locked && !force) return false;
  device.mediumChanged(false);
  return true;
}

/** Closes the tray. */
export function closeTray({ backend, name }: NamedDrive): void {
  assertRemovable(backend, name);
  if (backend.device?.tray?.open) backend.device.mediumChanged(true);
}

/** Takes the medium out of an open tray. */
export async function removeMedium({ backend, name }: NamedDrive, graph: NodeGraph): Promise<void> {
  assertRemovable(backend, name);
  if (backend.device?.tray && !backend.device.tray.open)
    throw new CommandError(`Tray of device '${name}' is not open`);
  if (!backend.node) return;
  graph.assertUnblocked(backend.node);
  await backend.eject();
  // A guest without trays sees it go.
  if (backend.device && !backend.device.tray) backend.device.mediumChanged(false);
}

/** Puts a node into an open and empty tray. */
export function insertMedium(backend: BlockBackend, node: Node): void {
  if (roots(node).length > 0) throw new CommandError(`Node '${node.name}' is already in use`);
  if (backend.device && !backend.device.removable) throw new CommandError('Device is not removable');
  if (backend.device?.tray && !backend.device.tray.open)
    throw new CommandError('Tray of the device is not open');
  if (backend.node) throw new CommandError('There already is a medium in the device');
  insert(backend, node, false);
}

function insert(backend: BlockBackend, node: Node, isExchange: boolean): void {
  backend.insert(node, isExchange);
  if (backend.device && !backend.device.tray) backend.device.mediumChanged(true);
}

/** Takes the medium out, opening the tray for it, which stays open. */
export async function eject(drive: NamedDrive, graph: NodeGraph, force: boolean): Promise<void> {
  openUnlocked(drive, force);
  await removeMedium(drive, graph);
}

/** An image to be a medium. */
export interface NewMedium {
  readonly filename: string;
  /** The driver; absent: what is found. */
  readonly format: string | undefined;
  readonly readOnlyMode: BlockdevChangeReadOnlyMode;
}

/**
 * Exchanges the medium for an image, which is opened before anything is moved. Where that is refused, a node that is still
 * there is put back; a tray that was opened for it stays open.
 */
export async function changeMedium(drive: NamedDrive, block: BlockLayer, image: NewMedium): Promise<void> {
  const { graph } = block;
  const { backend } = drive;
  const node = await openImage(backend, graph, image);
  const former = backend.node;
  try {
    openUnlocked(drive, false);
    await removeMedium(drive, graph);
    insert(backend, node, true);
    closeTray(drive);
  } catch (error) {
    // An image that nobody else held is closed by then, since the new one may be the same file.
    if (former?.isOpen && !backend.node) insert(backend, former, true);
    await graph.releaseUnused(node);
    throw error;
  }
}

function openImage(
  { node: former, mediumOptions }: BlockBackend,
  graph: NodeGraph,
  { filename, format, readOnlyMode }: NewMedium,
): Promise<Node> {
  const like = former ? { ...former.options, readOnly: former.readOnly } : mediumOptions;
  const readOnly = readOnlyMode === 'retain' ? like.readOnly : readOnlyMode === 'read-only';
  const named = { options: like, readOnly };
  const definition =
    format === undefined
      ? withoutDriver(graph, filename, namedDefinition(graph.drivers, { filename, format: 'raw' }, named))
      : namedDefinition(graph.drivers, { filename, format }, named);
  return openNode(graph, { ...definition, 'detect-zeroes': like.detectZeroes });
}

/** The definition of an image whose format is to be found out. */
function withoutDriver(graph: NodeGraph, filename: string, definition: JsonObject): JsonObject {
  const { driver: _, ...rest } = definition;
  return { ...rest, ...definitionOf(graph.drivers, filename) };
}

function openUnlocked(drive: NamedDrive, force: boolean): void {
  if (openTray(drive, force)) return;
  throw new CommandError(
    `Device '${drive.name}' is locked and force was not specified, wait for tray to open and try again`,
  );
}

function assertRemovable({ device }: BlockBackend, name: string): void {
  if (device && !device.removable) throw new CommandError(`Device '${name}' is not removable`);
}
