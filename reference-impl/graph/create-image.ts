/** Makes a new image by a driver's `create`: gives it the file it may write, and lets go of that afterwards. */
import type { JsonObject } from '../../spec/json.ts';
import type { AnyDriver, ChildHandle, CreateEnvironment } from '../drivers/driver.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { SECTOR } from './block-io.ts';
import { type Node, NodeChild } from './node.ts';
import type { NodeGraph, RootChild } from './node-graph.ts';
import { openOrFind } from './open.ts';
import { ALL_PERMISSIONS, Permission, type Permissions } from './permissions.ts';

const WRITES: Permissions = { perm: Permission.write | Permission.resize, sharedPerm: ALL_PERMISSIONS };

/** `options`: those of the driver in `BlockdevCreateOptions`. Throws `CommandError`. */
export async function createImage(graph: NodeGraph, driver: AnyDriver, options: JsonObject): Promise<void> {
  if (!driver.create) throw new CommandError('Driver does not support blockdev-create');
  await runCreate(graph, driver.create, options);
}

/** Hands to a driver's `create` or `createNamed` what it may use. `options.file` defines or names the file. */
export async function runCreate<Options extends JsonObject>(
  graph: NodeGraph,
  create: (environment: CreateEnvironment<Options>) => Promise<void>,
  options: Options,
): Promise<void> {
  const { clock, random, hostWork, cwd, objects } = graph.services;
  let used: { readonly node: Node; readonly root: RootChild } | undefined;
  const file = async (): Promise<ChildHandle> => {
    const node = await openOrFind(graph, options.file ?? null, {});
    try {
      used = { node, root: graph.addRoot(node, WRITES) };
    } catch (error) {
      await graph.releaseUnused(node);
      throw error;
    }
    return new GrowingFile(node, node, 'file', 'file');
  };
  const claim = (lock: string) => assertUnlocked(graph, lock);
  try {
    await create({
      options,
      file,
      secret: (id) => objects.secret(id),
      claim,
      log: (line) => graph.services.log(line),
      clock,
      random,
      hostWork,
      cwd,
    });
  } catch (error) {
    if (error instanceof IoError) throw new CommandError(`Could not create image: ${error.message}`);
    throw error;
  } finally {
    if (used) {
      graph.removeRoot(used.root);
      await graph.releaseUnused(used.node);
    }
  }
}

/** A file that grows with what is written to it, also where its driver does not let writes pass the end. */
class GrowingFile extends NodeChild {
  override async write(...request: Parameters<ChildHandle['write']>): Promise<void> {
    await this.#reach(request[0] + request[1].length);
    await super.write(...request);
  }

  override async writeZeroes(...request: Parameters<ChildHandle['writeZeroes']>): Promise<void> {
    await this.#reach(request[0] + request[1]);
    await super.writeZeroes(...request);
  }

  async #reach(end: number): Promise<void> {
    if (end > this.length() && !this.node.state.growable)
      await this.truncate(Math.ceil(end / SECTOR) * SECTOR);
  }
}

/** Making a file anew means to write and to resize it, which all who have it open must allow. */
function assertUnlocked(graph: NodeGraph, lock: string): void {
  for (const node of graph.nodes) {
    if (!node.isOpen || node.state.lock !== lock) continue;
    const sharedPerm = node.parents.reduce(
      (all, { permissions }) => all & permissions.sharedPerm,
      ALL_PERMISSIONS,
    );
    if (!(sharedPerm & Permission.write)) throw new CommandError('Failed to get "write" lock');
    if (!(sharedPerm & Permission.resize)) throw new CommandError('Failed to get "resize" lock');
  }
}
