/**
 * The backing file of a node that has just been opened: defined in place, a reference, none, or the one that the
 * image's header names.
 */
import { realpathSync } from 'node:fs';
import { normalize, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { BackingName } from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { namesOfChild } from '../qapi/qdict-order.ts';
import { chain } from './backing-chain.ts';
import { definitionOf, hasProtocol, withFilename } from './definition.ts';
import type { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { openNode, openOrFind } from './open.ts';
import { setReadOnly } from './reopen.ts';

/** `above`: the backing files above this node that headers named, none of which may be below it too. Throws `CommandError`. */
export async function openBacking(
  graph: NodeGraph,
  node: Node,
  above: readonly string[] = [],
): Promise<void> {
  const given = node.options.own.backing;
  if (given === null || given === '' || (given === undefined && node.backingName === undefined)) return;
  if (!('backing' in node.driver.children)) {
    if (given === undefined) return;
    throw new CommandError("Driver doesn't support backing files");
  }
  try {
    const parent = { options: { ...node.options, readOnly: node.readOnly }, role: 'backing' } as const;
    const child =
      given === undefined
        ? await openNode(graph, named(graph, node), { parent, above: further(above, node) })
        : await openOrFind(graph, inPlace(graph, node, given), {
            parent,
            order: namesOfChild(node.options.order, 'backing'),
          });
    try {
      graph.attach(node, child, 'backing', 'backing', typeof given !== 'string');
    } catch (error) {
      await graph.releaseUnused(child);
      throw error;
    }
  } catch (error) {
    if (error instanceof CommandError)
      throw new CommandError(`Could not open backing file: ${error.message}`, error.errorClass);
    throw error;
  }
}

/** Throws `CommandError` if the chain of the headers comes back to where it has been. */
function further(above: readonly string[], node: Node): string[] {
  const name = normalize(fullBackingName(node));
  if (above.includes(name)) throw new CommandError(`'${name}' is a backing file of itself`);
  return [...above, name];
}

function named(graph: NodeGraph, node: Node): JsonObject {
  const { format } = node.backingName!;
  const definition = definitionOf(graph.drivers, fullBackingName(node));
  if (format === undefined) return definition;
  const file = definition.file ?? null;
  // The header may say that the bytes of the file themselves are meant.
  return isJsonObject(file) && file.driver === format ? file : { driver: format, ...definition };
}

/** The header's name stands beside what is defined in place, unless that has a file of its own. */
function inPlace(graph: NodeGraph, node: Node, given: Json): Json {
  if (!isJsonObject(given) || node.backingName === undefined) return given;
  const { file } = given;
  if (isJsonObject(file) && file.filename !== undefined) return given;
  return withFilename(graph.drivers, given, fullBackingName(node));
}

/** Where the backing file's name leads: one that the header says is relative to the image. Throws `CommandError`. */
export function fullBackingName(node: Node): string {
  const { name, isOpen } = node.backingName!;
  return isOpen ? name : besideImage(node, name);
}

/** A relative name begins where the image of the node lies. Throws `CommandError`. */
export function besideImage(node: Node, name: string): string {
  if (name === '' || name.startsWith('/') || hasProtocol(name)) return name;
  const image = node.child('file')?.node.filename.shown ?? '';
  if (image === '' || image.startsWith('json:'))
    throw new CommandError(`Cannot use relative backing file names for '${image}'`);
  return image.slice(0, image.lastIndexOf('/') + 1) + name;
}

/**
 * The backing file in the chain of `top` that a command means by a file name: the one that is open by this name, or that a
 * header names so; else the one that the name leads to, where a relative name begins beside the image above it.
 */
export function findBackingFile(graph: NodeGraph, top: Node, filename: string): Node | undefined {
  const above = [...chain(top)].filter((node) => node.backing);
  const overlay =
    above.find((node) => namesOf(node).includes(filename)) ??
    above.find((node) => leadsToBacking(graph, node, filename));
  return overlay?.backing?.node;
}

/** The names of what stands below a node. */
function namesOf(node: Node): (string | undefined)[] {
  return [node.backing?.node.filename.shown, node.backingName?.name, node.backingNameWhenOpened];
}

function leadsToBacking(graph: NodeGraph, node: Node, filename: string): boolean {
  const below = node.backing!.node.filename.shown;
  if (filename === '' || [filename, below].some((name) => hasProtocol(name))) return false;
  try {
    const [wanted, open] = [besideImage(node, filename), below].map((name) =>
      realpathSync(resolve(graph.services.cwd, name)),
    );
    return wanted === open;
  } catch {
    return false;
  }
}

/** `writeBackingName`, with its errors in the words of commands. Throws `CommandError`. */
export async function changeBackingFile(
  graph: NodeGraph,
  node: Node,
  backing: BackingName | undefined,
): Promise<void> {
  try {
    await writeBackingName(graph, node, backing);
  } catch (error) {
    if (error instanceof IoError)
      throw new CommandError(`Could not change backing file to '${backing?.name ?? ''}': ${error.message}`);
    throw error;
  }
}

/**
 * Writes the name of a backing file into the image's header, also where the node is read-only. What the image holds is
 * on stable storage before. Throws `IoError`; `CommandError` where the node cannot be reopened.
 */
export async function writeBackingName(
  graph: NodeGraph,
  node: Node,
  backing: BackingName | undefined,
): Promise<void> {
  const wasReadOnly = node.readOnly;
  await setReadOnly(graph, node, false);
  try {
    const { state, io } = node;
    if (!state.changeBackingFile) throw new IoError('ENOTSUP');
    await io.flush();
    await node.runSerialising(async () => state.changeBackingFile?.(backing));
    node.setBackingName(backing);
  } finally {
    await setReadOnly(graph, node, wasReadOnly);
  }
}
