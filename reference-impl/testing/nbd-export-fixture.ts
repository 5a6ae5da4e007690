/** An endpoint's nodes behind a real NBD server, and clients of it. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { BlockLayer } from '../backend/block-layer.ts';
import { NbdServer } from '../exports/nbd/nbd-export-server.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import type { Services } from '../services/services.ts';
import { testBlockLayer, testServices } from './test-services.ts';

export interface Fixture {
  readonly folder: string;
  readonly socket: string;
  readonly services: Services;
  readonly block: BlockLayer;
  readonly graph: NodeGraph;
  readonly server: NbdServer;
  open(definition: JsonObject): Promise<Node>;
  /** A connection that nobody has spoken on. */
  dial(): Promise<net.Socket>;
  uri(name: string): string;
  /** Closes everything. */
  end(): Promise<void>;
}

/** A server that listens in a new folder, and exports nothing yet. */
export async function nbdFixture(): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-nbd-'));
  const socket = join(folder, 'nbd.sock');
  const services = testServices(folder);
  const block = testBlockLayer(services);
  const { graph } = block;
  const server = new NbdServer(services, graph);
  await server.start({ type: 'unix', path: socket }, undefined);
  return {
    folder,
    socket,
    services,
    block,
    graph,
    server,
    open: (definition) => openNode(graph, definition),
    dial: async () => {
      const connection = net.connect(socket);
      await once(connection, 'connect');
      return connection;
    },
    uri: (name) => `nbd+unix:///${name}?socket=${socket}`,
    end: async () => {
      // Clients among the nodes go first, so that no request of theirs is cut off.
      for (const node of graph.nodes.filter((each) => each.driverName === 'nbd')) await graph.release(node);
      await server.close();
      for (;;) {
        const node = graph.nodes.find((each) => each.parents.length === 0);
        if (!node) break;
        await graph.release(node);
      }
      await rm(folder, { recursive: true });
    },
  };
}
