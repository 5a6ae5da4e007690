/**
 * Opens a node from its definition (`BlockdevOptions`), and the children defined inside it.
 *
 * 1. options: those all drivers share are split off and completed from the parent's
 * 2. a format's file is opened, or looked up if it is a reference
 * 3. what the schema cannot tell is checked
 * 4. the node gets its name and its place among the nodes
 * 5. the driver opens, asking for its other children
 * 6. its length is read, its file name made up
 *
 * A failure undoes what was done, and leaves the nodes that were there before as they were.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { ChildHandle, Driver, DriverState, OpenEnvironment } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { CommandError } from '../errors.ts';
import { IoError } from '../io/errno.ts';
import { nodeFilename } from './filename.ts';
import type { Graph } from './graph.ts';
import { Node } from './node.ts';
import { checkOptions, type NodeOptions, nodeOptions } from './options.ts';

/** `definition` has passed the schema. Throws `CommandError`. */
export async function openNode(graph: Graph, definition: JsonObject, parent?: NodeOptions): Promise<Node> {
  const driverName = definition.driver as string;
  const driver: Driver | undefined = (drivers as Partial<Record<string, Driver>>)[driverName];
  if (!driver) throw new CommandError(`Unknown driver '${driverName}'`);
  const node = new Node(driverName, driver, nodeOptions(definition, parent));
  let state: DriverState | undefined;
  try {
    if (driver.kind === 'format') await openChild(graph, node, 'file');
    checkOptions(node.options);
    checkFilename(driverName, driver, node.ownOptions);
    graph.name(node, definition['node-name'] as string | undefined);
    state = await driver.open(environment(graph, node));
    checkLength(state);
    node.opened(state, filenameOf(node));
    return node;
  } catch (error) {
    await state?.close();
    await graph.release(node);
    throw error;
  }
}

function environment(graph: Graph, node: Node): OpenEnvironment {
  const { clock, inFlight, cwd } = graph.services;
  const child = async (name: string): Promise<ChildHandle> =>
    node.child(name) ?? (await openChild(graph, node, name));
  const { own, readOnly, cache } = node.options;
  return {
    options: own,
    readOnly,
    direct: cache.direct,
    child,
    backing: () => node.child('backing'),
    secret: (id) => graph.services.objects.secret(id),
    corrupted: (report) => node.corrupted(report),
    clock,
    inFlight,
    cwd,
  };
}

/** The child that the option defines in place or names. */
async function openChild(graph: Graph, parent: Node, name: string): Promise<ChildHandle> {
  const role = parent.driver.children[name]!;
  const given = parent.ownOptions[name] as Json;
  if (!isJsonObject(given))
    return graph.attach(parent, graph.lookup(String(given), String(given)), name, role);
  const child = await openNode(graph, given, parent.options);
  try {
    return graph.attach(parent, child, name, role);
  } catch (error) {
    await graph.release(child);
    throw error;
  }
}

function checkFilename(driverName: string, driver: Driver, options: JsonObject): void {
  if (driver.filenameOption !== undefined && options[driver.filenameOption] === '')
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

function filenameOf(node: Node) {
  const children = node.children.map((edge) => ({ name: edge.name, filename: edge.node.filename }));
  return nodeFilename(node.driverName, node.driver, node.ownOptions, children);
}
