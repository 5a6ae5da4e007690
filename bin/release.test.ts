/** `npm run release` in a repository of its own, with stand-ins for the checks that it calls. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n### Added\n\n- All.\n';

let folder: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o755 });
const commit = () => {
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', 'all');
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qmpcheck-release-'));
  for (const name of ['bin', '.ci']) mkdirSync(join(folder, name));
  cpSync(join(root, 'bin/release.mjs'), join(folder, 'bin/release.mjs'));
  write('package.json', '{ "name": "made-up", "version": "1.2.0", "files": ["CHANGELOG.md"] }');
  write('.gitignore', 'results\nran\n');
  write('CHANGELOG.md', CHANGELOG);
  write('.ci/run', 'echo run >>ran\n');
  write('.ci/packed', '#!/bin/sh\ntest -f "$1" && echo packed "$1" >>ran\n');
  git('init', '--quiet');
  commit();
});
afterEach(() => rmSync(folder, { recursive: true }));

function release(): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/release.mjs'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const ran = () => (existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8') : '');

describe('a release', () => {
  test('ends with a tarball that has passed', () => {
    expect(release()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^sha512-\S{88}$/m) });
    expect(ran()).toBe('run\npacked results/made-up-1.2.0.tgz\n');
    expect(existsSync(join(folder, 'results/made-up-1.2.0.tgz'))).toBe(true);
  });

  const EARLY: readonly (readonly [string, () => void])[] = [
    ['the tree has changes that are not committed', () => write('new', '')],
    ['there is a tag v1.2.0 already', () => git('tag', 'v1.2.0')],
    [
      'CHANGELOG.md does not begin with [Unreleased]',
      () => write('CHANGELOG.md', '## [1.2.0] - 2026-01-31\n'),
    ],
    [
      'CHANGELOG.md has entries under [Unreleased]',
      () => write('CHANGELOG.md', CHANGELOG.replace('[Unreleased]\n', '[Unreleased]\n\n- More.\n')),
    ],
    [
      'CHANGELOG.md has no "## [1.2.0] - YYYY-MM-DD"',
      () => write('CHANGELOG.md', CHANGELOG.replace('1.2.0', '1.1.0')),
    ],
    [
      'CHANGELOG.md has no "## [1.2.0] - YYYY-MM-DD"',
      () => write('CHANGELOG.md', CHANGELOG.replace(' - 2026-01-31', '')),
    ],
  ];
  test.each(EARLY)('tests nothing where %s', (message, change) => {
    change();
    if (!message.includes('the tree')) commit();
    expect(release()).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
    expect(ran()).toBe('');
  });

  test.each([
    ['.ci/run', 'exit 1'],
    ['.ci/run', 'touch left-over'],
    ['.ci/packed', '#!/bin/sh\nexit 1'],
  ])('fails where %s does: %s', (name, text) => {
    write(name, text);
    commit();
    expect(release()).toMatchObject({ status: 1, stdout: expect.not.stringContaining('publish') });
  });
});

test('the changelog begins with what is not released, then the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const headings = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').match(/^## .*/gm)!;
  expect(headings[0]).toBe('## [Unreleased]');
  expect(headings[1]).toMatch(new RegExp(`^## \\[${version}\\] - \\d{4}-\\d\\d-\\d\\d$`));
});
