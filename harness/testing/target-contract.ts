/** What holds for every target that can start an endpoint. Each target's test runs this suite. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { pendingCleanups } from '../cleanup.ts';
import { QmpClient } from '../qmp/client.ts';
import {
  type Endpoint,
  StartError,
  type StartRequest,
  startAgain,
  type Target,
  type Topology,
} from '../targets/target.ts';

export interface ContractOptions {
  /** Skips the test if the target cannot be used here. */
  readonly require: (context: TestContext) => void;
  /** Options that every such endpoint refuses; absent where options cannot be given. */
  readonly refused?: readonly string[];
}

const BARE: Topology = { name: 'bare', images: [], options: [], monitors: 1 };

export function targetContract(title: string, make: () => Target, options: ContractOptions): void {
  describe(`target contract: ${title}`, () => {
    let parent: string;
    let scratch: string;
    let cleanups: number;
    const started: Endpoint[] = [];

    beforeEach(async (context) => {
      options.require(context);
      parent = await mkdtemp(join(tmpdir(), 'target-contract-'));
      scratch = await mkdtemp(join(parent, 's'));
      cleanups = pendingCleanups();
    });

    afterEach(async () => {
      for (const endpoint of started.splice(0)) await endpoint.stop();
      if (parent !== undefined) await rm(parent, { recursive: true, force: true });
    });

    async function start(
      topology: Partial<Topology> = {},
      more: Partial<StartRequest> = {},
    ): Promise<Endpoint> {
      const endpoint = await make().start({ topology: { ...BARE, ...topology }, scratch, ...more });
      started.push(endpoint);
      return endpoint;
    }

    async function client(endpoint: Endpoint, index = 0): Promise<QmpClient> {
      return QmpClient.connect(await endpoint.openMonitor(index));
    }

    /** The scratch folder is the only thing left in its folder, and no process or last-resort entry is. */
    async function expectNothingLeft(endpoint?: Endpoint): Promise<void> {
      expect(await readdir(parent)).toHaveLength(1);
      expect(pendingCleanups()).toBe(cleanups);
      if (endpoint?.pid !== undefined) expect(() => process.kill(endpoint.pid!, 0)).toThrow('ESRCH');
    }

    test('greets, answers, and ends when it is stopped', async () => {
      const endpoint = await start();
      expect(endpoint.running).toBe(true);
      const qmp = await client(endpoint);
      expect(await qmp.execute('query-version')).toHaveProperty('qemu');
      await qmp.close();
      await endpoint.stop();
      expect(endpoint.running).toBe(false);
      await endpoint.exited;
      await expectNothingLeft(endpoint);
    });

    test('stop may be called again, and together', async () => {
      const endpoint = await start();
      const [a, b] = await Promise.all([endpoint.stop(), endpoint.stop()]);
      expect(a).toEqual(b);
      expect(await endpoint.stop()).toEqual(a);
    });

    test('tells its end after quit', async () => {
      const endpoint = await start();
      const qmp = await client(endpoint);
      await qmp.execute('quit');
      expect(await endpoint.exited).toEqual({ code: 0, signal: null });
      expect(endpoint.running).toBe(false);
      await qmp.close();
      await endpoint.stop();
      await expectNothingLeft(endpoint);
    });

    test('images are there before it starts, and its files are ours', async () => {
      const images = [
        { path: 'a.raw', format: 'raw', size: 65536, fill: [{ offset: 512, length: 512, byte: 7 }] },
      ];
      const endpoint = await start({ images });
      expect(existsSync(join(scratch, 'a.raw'))).toBe(true);
      const qmp = await client(endpoint);
      const filename = `${endpoint.dir}/a.raw`;
      await qmp.execute('blockdev-add', { driver: 'file', 'node-name': 'a', filename });
      const nodes = (await qmp.execute('query-named-block-nodes')) as { image: object }[];
      expect(nodes[0]!.image).toMatchObject({ 'virtual-size': 65536 });
      await qmp.close();
    });

    test('has as many monitors as the topology asks for', async (context) => {
      if (make().capabilities.monitors < 2) context.skip('has one monitor');
      const endpoint = await start({ monitors: 2 });
      const both = await Promise.all([client(endpoint, 0), client(endpoint, 1)]);
      for (const qmp of both) {
        await qmp.execute('query-version');
        await qmp.close();
      }
      await expect(endpoint.openMonitor(2)).rejects.toThrow(RangeError);
    });

    test('a monitor takes the next client, where that is promised', async (context) => {
      if (!make().capabilities.reconnects) context.skip('can be connected to only once');
      const endpoint = await start();
      await (await client(endpoint)).close();
      const again = await client(endpoint);
      await again.execute('query-version');
      await again.close();
    });

    test.each(['stop', 'kill'] as const)('is there again, over the same files, after a %s', async (how) => {
      const images = [{ path: 'a.raw', format: 'raw', size: 65536 }];
      const first = await start({ images });
      await (await client(first)).close();
      const written = Buffer.alloc(65536, 7);
      await writeFile(join(scratch, 'a.raw'), written);
      const request = { topology: { ...BARE, images }, scratch };
      const second = await startAgain(make(), first, request, how);
      started.push(second);
      expect([first.running, second.running]).toEqual([false, true]);
      await (await client(second)).close();
      expect((await readFile(join(scratch, 'a.raw'))).equals(written)).toBe(true);
      for (const endpoint of [second, first]) await endpoint.stop();
      await expectNothingLeft(second);
    });

    test('an option that it refuses is a StartError with its words, and nothing is left', async (context) => {
      const { refused } = options;
      if (refused === undefined) context.skip('takes no options');
      const error = await start({ options: refused! }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StartError);
      const { exit, lastWords } = error as StartError;
      expect(exit?.code).toBeGreaterThan(0);
      expect(lastWords.join('\n')).not.toBe('');
      await expectNothingLeft();
    });

    test('does not start when the run was interrupted before', async () => {
      const signal = AbortSignal.abort(new Error('Ctrl-C'));
      await expect(start({}, { signal })).rejects.toThrow('Ctrl-C');
      await expectNothingLeft();
    });
  });
}
