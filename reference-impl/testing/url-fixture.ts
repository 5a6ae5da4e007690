/** Nodes of the drivers that read files of servers, for one test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import type { Services } from '../services/services.ts';
import { ManualClock, testGraph, testServices } from './test-services.ts';

export interface UrlNodes {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly services: Services;
  readonly graph: NodeGraph;
  /** A read-only node of the driver that the URL's scheme names. */
  open(url: string, options?: JsonObject): Promise<Node>;
  openNode(definition: JsonObject): Promise<Node>;
  end(): Promise<void>;
}

export async function urlNodes(): Promise<UrlNodes> {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-url-'));
  const clock = new ManualClock();
  const services = testServices(folder, clock);
  const graph = testGraph(services);
  let count = 0;
  const open = (definition: JsonObject): Promise<Node> =>
    openNode(graph, { 'node-name': `node${++count}`, 'read-only': true, ...definition });
  return {
    folder,
    clock,
    services,
    graph,
    open: (url, options = {}) => open({ driver: url.slice(0, url.indexOf(':')), url, ...options }),
    openNode: open,
    end: async () => {
      for (;;) {
        const node = graph.nodes.find((each) => each.parents.length === 0);
        if (!node) break;
        await graph.release(node);
      }
      await rm(folder, { recursive: true });
    },
  };
}

/** Contents in which every sector is another. */
export function sectors(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 512) bytes.fill(1 + ((at / 512) % 251), at, at + 512);
  return bytes;
}

export async function bytesAt(node: Node, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length, 0xee);
  await node.io.read(offset, buffer);
  return buffer;
}

/** The node has what is there in `content`. */
export async function checkBytes(node: Node, content: Buffer, offset: number, length: number): Promise<void> {
  const got = await bytesAt(node, offset, length);
  expect(got.equals(content.subarray(offset, offset + length))).toBe(true);
}
