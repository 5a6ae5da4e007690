// Makes a fresh clone ready to run: installs the dependencies if they are missing or out of date, and builds if a
// source is newer than the build. Needs nothing but Node and npm. `--build` only builds (npm calls it so).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const buildOnly = process.argv.includes('--build');
const lockStamp = join(root, 'node_modules', '.qmpcheck-lock');
const buildStamp = join(root, 'dist', '.built');

function run(what, command, args) {
  process.stderr.write(`qmpcheck: ${what}\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    process.stderr.write(
      `qmpcheck: set-up failed: ${command} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}\n`,
    );
    process.exit(2);
  }
}

function digestOfLock() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function newestSource() {
  let newest = 0;
  const visit = (path) => {
    const info = statSync(path);
    if (info.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    else if (/\.(ts|json)$/.test(path)) newest = Math.max(newest, info.mtimeMs);
  };
  for (const folder of ['spec', 'generators', 'reports', 'reference-impl', 'harness', 'bench'])
    visit(join(root, folder));
  for (const file of ['tsconfig.json', 'tsconfig.base.json', 'package.json']) visit(join(root, file));
  return newest;
}

const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const inClone = existsSync(join(root, 'package-lock.json')) && existsSync(join(root, 'tsconfig.json'));
if (inClone) {
  if (!buildOnly) {
    const digest = digestOfLock();
    const installed = existsSync(lockStamp) ? readFileSync(lockStamp, 'utf8') : '';
    if (installed !== digest || !existsSync(compiler)) {
      run('installing dependencies (npm ci)', 'npm', [
        'ci',
        '--ignore-scripts=false',
        '--include=dev',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ]);
      writeFileSync(lockStamp, digest);
    }
  }
  if (existsSync(compiler)) {
    const newest = newestSource();
    if (!existsSync(buildStamp) || statSync(buildStamp).mtimeMs < newest) {
      run('building (tsc -b)', process.execPath, [compiler, '-b']);
      writeFileSync(buildStamp, '');
    }
  } else if (!existsSync(buildStamp)) {
    process.stderr.write(
      'qmpcheck: not built: the compiler is not installed (npm ci --include=dev, then npm run build)\n',
    );
    if (!buildOnly) process.exit(2);
  }
}
