/** The drivers that the endpoint describes and does not have, or that come to nothing: what they say, and to whom they go. */
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { JsonObject } from '../../spec/json.ts';
import { driversOf } from '../../spec/restrict-schema.ts';
import { protocolOf } from '../graph/definition.ts';
import { createNamedImage } from '../graph/named-image.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { openNode } from '../graph/open.ts';
import { testGraph, testServices } from '../testing/test-services.ts';
import { drivers, unbuilt } from './index.ts';

let folder: string;
let graph: NodeGraph;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qmpcheck-unreachable-'));
  graph = testGraph(testServices(folder));
});
afterEach(async () => {
  expect(graph.nodes).toEqual([]);
  await rm(folder, { recursive: true });
});

const open = (definition: JsonObject) => openNode(graph, { 'node-name': 'n', ...definition });

test('what is not built is in the schema, and no driver', () => {
  expect(driversOf(loadBlockSchema())).toEqual(expect.arrayContaining([...unbuilt]));
  expect(Object.keys(drivers).filter((name) => unbuilt.some((other) => other === name))).toEqual([]);
});

describe.each(unbuilt)('%s', (driver) => {
  test('is unknown, also by a file name', async () => {
    await expect(open({ driver })).rejects.toThrow(`Unknown driver '${driver}'`);
    expect(() => protocolOf(graph.drivers, `${driver}://there/disk`)).toThrow(`Unknown protocol '${driver}'`);
  });
});

describe('nvme', () => {
  test('says why it cannot use the VFIO of the host', async () => {
    const node = open({ driver: 'nvme', device: '0000:00:00.0', namespace: 1 });
    await expect(node).rejects.toThrow(/^Failed to (open|set up) \/dev\/vfio\/vfio: [A-Z]/);
  });

  test.each<[string, JsonObject]>([
    ['nvme://0000:01:00.0', { driver: 'nvme', device: '0000:01:00.0', namespace: 1 }],
    ['nvme://0000:01:00.0/2', { driver: 'nvme', device: '0000:01:00.0', namespace: 2 }],
  ])('%s', (name, definition) => {
    expect(protocolOf(graph.drivers, name)).toEqual(definition);
  });

  test.each([
    ['nvme:0000:01:00.0/1', "'device' option is required"],
    ['nvme://', "'device' option is required"],
    ['nvme://0000:01:00.0/x', "Invalid namespace 'x', positive number expected"],
  ])('%s is refused', async (name, message) => {
    const node = async () => open(protocolOf(graph.drivers, name));
    await expect(node()).rejects.toThrow(message);
  });
});

describe('sheepdog', () => {
  const inet = (port: string, host = '127.0.0.1') => ({ type: 'inet', host, port });

  test.each<[string, JsonObject]>([
    ['sheepdog:disk', { server: inet('7000'), vdi: 'disk' }],
    ['sheepdog:///disk', { server: inet('7000'), vdi: 'disk' }],
    ['sheepdog://there:7001/di%73k', { server: inet('7001', 'there'), vdi: 'disk' }],
    ['sheepdog+tcp://[::1]/disk#3', { server: inet('7000', '::1'), vdi: 'disk', 'snap-id': 3 }],
    ['sheepdog:disk#before', { server: inet('7000'), vdi: 'disk', tag: 'before' }],
    ['sheepdog+unix:///disk?socket=/s', { server: { type: 'unix', path: '/s' }, vdi: 'disk' }],
  ])('%s', (name, options) => {
    expect(protocolOf(graph.drivers, name)).toEqual({ driver: 'sheepdog', ...options });
  });

  test.each([
    ['sheepdog:', 'missing file path'],
    ['sheepdog://there', 'missing file path'],
    ['sheepdog://there/%', 'invalid URI'],
    ['sheepdog://there/disk?socket=/s', 'unexpected query parameters'],
    ['sheepdog+unix://there/disk?socket=/s', 'unexpected query parameters'],
    ['sheepdog+unix:///disk', "no 'socket'"],
  ])('%s: %s', (name, message) => {
    expect(() => protocolOf(graph.drivers, name)).toThrow(message);
  });

  describe('with somebody there', () => {
    let server: net.Server;
    let clients: net.Socket[];
    let address: ReturnType<typeof inet>;
    beforeEach(async () => {
      clients = [];
      server = net.createServer((socket) => {
        clients.push(socket.on('error', () => {}));
        socket.write('who are you?');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      address = inet(String((server.address() as net.AddressInfo).port));
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    const seen = async () => {
      if (clients.length === 0) await new Promise((resolve) => server.once('connection', resolve));
      return clients.length;
    };

    test('is connected, and says that they do not understand each other', async () => {
      const refused = { message: expect.stringMatching(/^Cannot talk to the server at 127\.0\.0\.1:\d+: /) };
      await expect(open({ driver: 'sheepdog', server: address, vdi: 'v' })).rejects.toMatchObject(refused);
      expect(await seen()).toBe(1);
      // It leaves at once; the end of the test would else be waited for.
      const made = createNamedImage(graph, {
        filename: `sheepdog://127.0.0.1:${address.port}/v`,
        format: 'raw',
        size: 512,
      });
      await expect(made).rejects.toMatchObject(refused);
    });

    test('is not asked with a name that is too long', async () => {
      for (const name of ['vdi', 'tag'] as const) {
        const options = { driver: 'sheepdog', server: address, vdi: 'v', [name]: 'é'.repeat(128) };
        await expect(open(options)).rejects.toThrow(`value of parameter '${name}' is too long`);
      }
      expect(clients).toEqual([]);
    });
  });
});
