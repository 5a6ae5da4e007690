/** An endpoint without monitors, whose clock only the test moves, and images in a folder of their own. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Random } from '../../generators/random.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import { commands } from '../commands/index.ts';
import type { Node } from '../graph/node.ts';
import type { RootChild } from '../graph/node-graph.ts';
import { ALL_PERMISSIONS, Permission } from '../graph/permissions.ts';
import { ReferenceEndpoint } from '../reference-endpoint.ts';
import { ManualClock } from './test-services.ts';

export interface EventSeen {
  readonly event: string;
  readonly data: JsonObject;
}

export class JobFixture {
  readonly folder: string;
  readonly clock = new ManualClock();
  readonly events: EventSeen[] = [];
  readonly endpoint: ReferenceEndpoint;

  /** In a folder of its own, unless it is another one's. */
  constructor(folder = mkdtempSync(join(tmpdir(), 'qmpcheck-jobs-'))) {
    this.folder = folder;
    const random = new Random(7);
    this.endpoint = new ReferenceEndpoint({
      cwd: this.folder,
      clock: this.clock,
      random: () => random.uint32(),
      jobLifecycle: true,
    });
    this.endpoint.emit = (event, data) => void this.events.push({ event, data: data ?? {} });
  }

  /** Executes a command, as a monitor would but with arguments that nobody checks; rejects with its `CommandError`. */
  async run(name: keyof typeof commands, args: JsonObject = {}): Promise<Json> {
    let result: Json = null;
    await this.endpoint.loop.exclusively(async () => {
      result = await commands[name](args as never, this.endpoint, { negotiated: true });
    });
    return result;
  }

  /** Lets everything happen that needs no time. */
  idle(): Promise<void> {
    return this.endpoint.hostWork.idle();
  }

  /** One turn of the main loop. */
  async step(): Promise<void> {
    await turn();
  }

  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 10) {
      this.clock.advance(10_000_000n);
      await this.idle();
    }
  }

  node(name: string): Node {
    return this.endpoint.block.graph.lookup(name, name);
  }

  /** A disk that a guest uses: it follows when another node takes the place of its own. */
  guest(name: string): RootChild {
    const perm = Permission.consistentRead | Permission.write;
    const deviceName = `${name}-disk`;
    return this.endpoint.block.graph.addRoot(
      this.node(name),
      { perm, sharedPerm: ALL_PERMISSIONS },
      { deviceName, userName: () => deviceName },
    );
  }

  async qcow2(name: string, size: number, backing?: string, clusterSize = 65536): Promise<void> {
    const file = join(this.folder, `${name}.qcow2`);
    await this.run('x-blockdev-create', { driver: 'file', filename: file, size: 0 });
    const protocol = { driver: 'file', filename: file };
    const below = backing === undefined ? undefined : join(this.folder, `${backing}.qcow2`);
    await this.run('x-blockdev-create', {
      driver: 'qcow2',
      file: protocol,
      size,
      'cluster-size': clusterSize,
      ...(below === undefined ? {} : { 'backing-file': below, 'backing-fmt': 'qcow2' }),
    });
    await this.run('blockdev-add', {
      driver: 'qcow2',
      'node-name': name,
      file: protocol,
      backing: backing ?? null,
    });
  }

  /** Deletes every node, users before what they use; gives the names of those that something still keeps. */
  async deleteAll(): Promise<string[]> {
    const { nodes } = this.endpoint.block.graph;
    for (;;) {
      const free = nodes.find((node) => node.monitorOwned && node.parents.length === 0);
      if (!free) return nodes.map(({ name }) => name);
      await this.run('blockdev-del', { 'node-name': free.name });
    }
  }

  async contents(node: Node): Promise<Buffer> {
    const bytes = Buffer.alloc(node.io.length());
    await node.io.read(0, bytes);
    return bytes;
  }

  told(event: string): EventSeen[] {
    return this.events.filter((seen) => seen.event === event);
  }

  /** Ends the endpoint, as `quit` does; its images stay. */
  async end(): Promise<void> {
    this.endpoint.shutdown();
    await this.endpoint.exited;
  }

  async close(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
