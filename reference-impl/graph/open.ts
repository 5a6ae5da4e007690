/**
 * Opens a node from its definition (`BlockdevOptions`), and the children defined inside it.
 *
 * 1. options: those all drivers share are split off and completed from the parent's
 * 2. a format's file is opened, or looked up if it is a reference; without a driver, its contents tell the format
 * 3. what the schema cannot tell is checked
 * 4. the node gets its name and its place among the nodes, and takes what it needs of its file
 * 5. the driver opens, asking for its other children
 * 6. its length is read
 * 7. the backing file that the definition or the image names is opened (`backing.ts`)
 *
 * A failure undoes what was done, and leaves the nodes that were there before as they were.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type {
  AnyDriver,
  ChildHandle,
  ChildRole,
  CorruptionReport,
  DriverState,
  OpenEnvironment,
} from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { findTlsCredentials } from '../objects/tls-credentials.ts';
import { CommandError } from '../qapi/command-error.ts';
import { namesOfChild } from '../qapi/qdict-order.ts';
import { besideImage, openBacking } from './backing.ts';
import { placeOfChild } from './child-place.ts';
import { checkOptions, nodeOptions, type Parent } from './common-options.ts';
import { protocolOf } from './definition.ts';
import { refuseForeign } from './loose-options.ts';
import { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { loadBitmaps } from './persistent-bitmaps.ts';
import { formatOf, probe } from './probe.ts';

export interface OpenContext {
  /** Whose child the node becomes, and as what. */
  readonly parent?: Parent;
  /** The definition as it was written, where that is shown otherwise: options of the command line are text. */
  readonly shown?: JsonObject | undefined;
  /** `NodeOptions.order`, where the node is defined inside another. */
  readonly order?: readonly string[] | undefined;
  /** The backing file that the image names is left alone. */
  readonly withoutBacking?: boolean;
  /** The backing files that led here, by the names in the headers. */
  readonly above?: readonly string[];
}

/** `definition` has passed the schema, but may lack `driver`s: then the file tells. Throws `CommandError`. */
export async function openNode(
  graph: NodeGraph,
  definition: JsonObject,
  context: OpenContext = {},
): Promise<Node> {
  const options = nodeOptions(definition, context.parent, context.shown, context.order);
  let driverName = definition.driver as string | undefined;
  let file: Node | undefined;
  let node: Node | undefined;
  try {
    if (driverName === undefined || graph.drivers.get(driverName).kind === 'format') {
      file = await openOrFind(graph, required(options.own.file, 'file'), {
        parent: { options, role: roleOf(graph, driverName, 'file') },
        shown: inner(options.shown, 'file'),
        order: namesOfChild(options.order, 'file'),
      });
      driverName ??= await probe(graph.drivers, file);
    }
    const driver = graph.drivers.get(driverName);
    node = new Node(driverName, driver, options, { peers: () => graph.nodes });
    const isProbed = definition.driver === undefined;
    await openAs(graph, node, { name: definition['node-name'] as string | undefined, file, isProbed });
    if (!context.withoutBacking) await openBacking(graph, node, context.above);
    return node;
  } catch (error) {
    if (node) await graph.release(node);
    if (file && graph.nodes.includes(file)) await graph.releaseUnused(file);
    if (error instanceof IoError)
      throw new CommandError(
        `Could not open ${file ? `'${file.filename.shown}'` : 'image'}: ${error.message}`,
      );
    throw error;
  }
}

interface Opening {
  readonly name: string | undefined;
  /** A format's file. */
  readonly file: Node | undefined;
  /** The file told the format. */
  readonly isProbed: boolean;
}

async function openAs(graph: NodeGraph, node: Node, { name, file, isProbed }: Opening): Promise<void> {
  checkOptions(node.options);
  checkFilename(node.driverName, node.driver, node.options.own);
  graph.name(node, name);
  if (file) attachOpened(graph, node, file, 'file');
  const staysProbed = (start: Uint8Array): boolean =>
    formatOf(graph.drivers, start, file?.filename.shown ?? '') === node.driverName;
  const state = await node.driver.open({
    ...environment(graph, node),
    staysProbed: isProbed ? staysProbed : undefined,
  });
  try {
    refuseForeign(node.driverName, node.driver, node.options.own);
    checkLength(state);
    node.opened(state, (exceeded, threshold) =>
      graph.services.emit('BLOCK_WRITE_THRESHOLD', {
        'node-name': node.name,
        'amount-exceeded': exceeded,
        'write-threshold': threshold,
      }),
    );
    graph.refreshPermissions(node);
    if (state.onlyReads && !node.readOnly) {
      const { name: ofNode, driverName } = node;
      graph.services.log(`node '${ofNode}' is read-only, though nobody said so: '${driverName}' only reads`);
      node.neverWrite();
    }
    await loadBitmaps(node);
  } catch (error) {
    if (!node.isOpen) await state.close();
    throw error;
  }
}

function environment(graph: NodeGraph, node: Node): OpenEnvironment<JsonObject> {
  const { clock, random, hostWork, cwd, objects, guestUuid, guestName } = graph.services;
  const child = async (name: string): Promise<ChildHandle> =>
    node.child(name) ?? (await openChild(graph, node, name));
  const { own, readOnly, cache } = node.options;
  return {
    options: own,
    readOnly,
    direct: cache.direct,
    child,
    childBeside: (name, filename) => openBeside(graph, node, name, filename),
    filenameOf: (name) => node.child(name)?.node.filename.shown ?? '',
    backing: () => node.backing,
    secret: (id) => objects.secret(id),
    tlsCredentials: (id) => findTlsCredentials(objects, id, 'client'),
    corrupted: (report) => corrupted(graph, node, report),
    throttleGroup: (id) => {
      const group = objects.throttleGroups.find(id);
      if (!group) throw new CommandError(`Throttle group '${id}' does not exist`);
      return group;
    },
    emit: (event, data) => graph.services.emit(event, data),
    reference: () => graph.displayName(node),
    log: (line) => graph.services.log(line),
    print: (line) => graph.services.print(line),
    abort: (line) => graph.services.abort(line),
    guest: guestUuid ?? guestName,
    clock,
    random,
    hostWork,
    cwd,
  };
}

/** A child that no option defines, by the name of its file. */
async function openBeside(
  graph: NodeGraph,
  parent: Node,
  name: string,
  filename: string,
): Promise<ChildHandle> {
  const definition = protocolOf(graph.drivers, besideImage(parent, filename));
  const options = { ...parent.options, readOnly: parent.readOnly };
  const child = await openNode(graph, definition, { parent: { options, role: 'file' } });
  try {
    return graph.attach(parent, child, name, 'file', true);
  } catch (error) {
    await graph.releaseUnused(child);
    throw error;
  }
}

function corrupted(graph: NodeGraph, node: Node, { msg, offset, size, fatal }: CorruptionReport): void {
  graph.services.emit('BLOCK_IMAGE_CORRUPTED', {
    device: graph.deviceOf(node),
    'node-name': node.name,
    msg,
    ...(offset === undefined ? {} : { offset }),
    ...(size === undefined ? {} : { size }),
    fatal,
  });
  if (fatal && node.isOpen) node.kill();
}

/** The child that the option defines in place or names; `name` may be that of a list's element. */
async function openChild(graph: NodeGraph, parent: Node, name: string): Promise<ChildHandle> {
  const { own, shown, ...options } = parent.options;
  const { option, index } = placeOfChild(name);
  const at = (value: Json | undefined) =>
    index === undefined ? value : (value as Json[] | undefined)?.[index];
  const context = {
    parent: {
      options: { ...options, own, shown, readOnly: parent.readOnly },
      role: parent.driver.children[option]!,
    },
    shown: at(shown[option]) as JsonObject | undefined,
    order: namesOfChild(options.order, name),
  };
  const child = await openOrFind(graph, required(at(own[option]), name), context);
  try {
    return attachOpened(graph, parent, child, name);
  } catch (error) {
    await graph.releaseUnused(child);
    throw error;
  }
}

/** A file name may stand for options, and does not say all that a driver needs. Throws `CommandError`. */
function required(child: Json | undefined, name: string): Json {
  if (child === undefined) throw new CommandError(`A block device must be specified for "${name}"`);
  return child;
}

/** Opens a node, or looks it up if it is a reference. */
export function openOrFind(graph: NodeGraph, given: Json, context: OpenContext): Promise<Node> | Node {
  return isJsonObject(given)
    ? openNode(graph, given, {
        ...context,
        shown: isJsonObject(context.shown) ? context.shown : undefined,
      })
    : graph.lookup(String(given), String(given));
}

function attachOpened(graph: NodeGraph, parent: Node, child: Node, name: string) {
  const { option, index } = placeOfChild(name);
  const inherits = isJsonObject(parent.options.own[option]) || index !== undefined;
  return graph.attach(parent, child, name, parent.driver.children[option]!, inherits);
}

function roleOf(graph: NodeGraph, driverName: string | undefined, child: string): ChildRole {
  return driverName === undefined ? 'file' : graph.drivers.get(driverName).children[child]!;
}

function inner(shown: JsonObject, name: string): JsonObject | undefined {
  const value = shown[name];
  return isJsonObject(value) ? value : undefined;
}

function checkFilename(driverName: string, driver: AnyDriver, options: JsonObject): void {
  if (driver.filenameOption !== undefined && (options[driver.filenameOption] ?? '') === '')
    throw new CommandError(`The '${driverName}' block driver requires a file name`);
}

function checkLength(state: DriverState): void {
  try {
    state.length();
  } catch (error) {
    if (error instanceof IoError)
      throw new CommandError(`Could not refresh total sector count: ${error.message}`);
    throw error;
  }
}
