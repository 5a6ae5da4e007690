import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packageRoot } from '../spec/package-root.ts';
import { connect, QmpClient, QmpError } from './index.ts';
import { enginesUnavailable, requireOrSkip } from './testing/engines.ts';
import { startLive } from './testing/live-engine.ts';

const root = fileURLToPath(packageRoot());

test('what a user writes compiles, and what is marked as wrong does not', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qmpcheck-types-'));
  try {
    const config = join(folder, 'tsconfig.json');
    await writeFile(
      config,
      JSON.stringify({
        extends: join(root, 'tsconfig.base.json'),
        compilerOptions: {
          composite: false,
          declaration: false,
          noEmit: true,
          rewriteRelativeImportExtensions: false,
          allowImportingTsExtensions: true,
          typeRoots: [join(root, 'node_modules/@types')],
          paths: { qmpcheck: [join(root, 'harness/index.ts')] },
        },
        files: [join(root, 'harness/testing/types/package-user.ts')],
      }),
    );
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', config], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a typed client talks to a live endpoint', async (context) => {
  requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon'));
  const live = await startLive('qemu-storage-daemon');
  try {
    // One client at a time: the one that saw it come up is greeted before it leaves, so that nothing is under way.
    await (await QmpClient.connect(await live.connect())).close();
    const client = await connect(`unix:${live.path}`);
    await client.execute('blockdev-add', { driver: 'null-co', 'node-name': 'disk0', size: 1048576 });
    const [node] = await client.execute('query-named-block-nodes');
    expect(node!.image['virtual-size']).toBe(1048576);
    const twice = client.execute('blockdev-add', { driver: 'null-co', 'node-name': 'disk0' });
    await expect(twice).rejects.toThrow(QmpError);
    await client.close();
  } finally {
    await live.stop();
  }
});
