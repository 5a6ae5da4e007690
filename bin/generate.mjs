// Regenerates spec/generated from spec/schema. With --check it only tells whether that would change anything, and
// exits 1 if so.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const build = spawnSync(process.execPath, [compiler, '-b', 'spec'], { cwd: root, stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(2);

const { loadBlockSchema } = await import('../dist/spec/block-core.js');
const { generatedFiles } = await import('../dist/spec/compiler/generate-files.js');

const checkOnly = process.argv.includes('--check');
const folder = join(root, 'spec', 'generated');
mkdirSync(folder, { recursive: true });
for (const [name, text] of await generatedFiles(loadBlockSchema())) {
  const file = join(folder, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (checkOnly) {
    process.stderr.write(`spec/generated/${name} is not what spec/schema gives: run npm run generate\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
    process.stderr.write(`wrote spec/generated/${name}\n`);
  }
}
