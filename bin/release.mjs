// `npm run release`: everything up to publishing. The tree must be clean and CHANGELOG.md must tell of the version in
// package.json; then `.ci/run` must pass, and what is packed must pass as it will be installed. Ends with the path of a
// checked tarball in results/, and with what is left to do by hand. Publishes nothing, tags nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What keeps a changelog from being that of a release of `version`: nothing under Unreleased, then that version. */
export function changelogFaults(text, version) {
  const [, unreleased, latest] = text.split(/^## /m);
  if (!unreleased?.startsWith('[Unreleased]')) return ['CHANGELOG.md does not begin with [Unreleased]'];
  const faults = [];
  if (unreleased.slice('[Unreleased]'.length).trim() !== '')
    faults.push('CHANGELOG.md has entries under [Unreleased]: give them the version');
  const heading = latest?.slice(0, latest.indexOf('\n')) ?? '';
  if (!heading.startsWith(`[${version}] - `) || !/ \d{4}-\d\d-\d\d$/.test(heading))
    faults.push(`CHANGELOG.md has no "## [${version}] - YYYY-MM-DD" below [Unreleased]`);
  return faults;
}

function run(command, args, stdio) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', stdio, 'inherit'] });
  if (done.status !== 0)
    fail([`${command} ${args.join(' ')}: ${done.error?.message ?? `ended with ${done.status}`}`]);
  return done.stdout?.trim();
}

function fail(faults) {
  for (const fault of faults) process.stderr.write(`release: ${fault}\n`);
  process.exit(1);
}

function treeFaults() {
  return run('git', ['status', '--porcelain'], 'pipe') === ''
    ? []
    : ['the tree has changes that are not committed'];
}

function release() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const tag = `v${version}`;
  const tagged = run('git', ['tag', '--list', tag], 'pipe') === '' ? [] : [`there is a tag ${tag} already`];
  const changelog = changelogFaults(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version);
  const faults = [...treeFaults(), ...tagged, ...changelog];
  if (faults.length > 0) fail(faults);

  run('bash', ['.ci/run'], 'inherit');
  const changed = treeFaults();
  if (changed.length > 0) fail(changed);

  mkdirSync(join(root, 'results'), { recursive: true });
  const tarball = join('results', run('npm', ['pack', '--silent', '--pack-destination', 'results'], 'pipe'));
  run(join(root, '.ci/packed'), [tarball], 'inherit');
  const digest = createHash('sha512')
    .update(readFileSync(join(root, tarball)))
    .digest('base64');
  process.stdout.write(`
${tarball}
sha512-${digest}
It is checked, and published by hand:
    git tag ${tag} && npm publish ${tarball}
`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) release();
