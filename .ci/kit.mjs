// The CI kit of docs/ci as another repository uses it: what its files run is run in an empty git repository that holds
// only the tarball, as the CI servers would, on the reference and a few cases.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const CASES = 'raw/* block_resize/*';

/** Checks the files in `kit`. `folder` is empty, and `check` takes a title and what throws if it does not hold. */
export async function checkKit(kit, tarball, folder, check) {
  const read = (name) => readFileSync(join(kit, name), 'utf8');
  const repository = join(folder, 'downstream');
  mkdirSync(repository);
  copyFileSync(tarball, join(repository, 'qmpcheck.tgz'));
  const shell = (script, env = {}) => {
    const done = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
      cwd: repository,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    if (done.status !== 0)
      throw new Error(`ends with ${done.status}: ${script}\n${done.stdout}${done.stderr}`);
    return done.stdout;
  };
  shell('git init -q .');
  const wanted = (names) => {
    for (const name of names)
      if (!existsSync(join(repository, 'qmpcheck-report', name))) throw new Error(`no ${name}`);
  };
  const merged = () => {
    wanted(['result.json', 'report.html']);
    const { cases, shard } = JSON.parse(
      readFileSync(join(repository, 'qmpcheck-report/result.json'), 'utf8'),
    );
    if (shard !== undefined || cases.length < 10) throw new Error(`${cases.length} cases, shard ${shard}`);
    shell('rm -r qmpcheck-report');
  };

  await check('the GitHub action, and the workflow that its README shows, elsewhere', () => {
    const { inputs, runs } = parse(read('github/action.yml'));
    const [install, run, summarize] = runs.steps;
    const [, text] = /```yaml\n([\s\S]*?)```/.exec(read('README.md'));
    const { jobs } = parse(text);
    const use = jobs.conformance.steps.find(({ uses = '' }) => uses.startsWith('./'));
    for (const name of Object.keys(use.with)) if (!(name in inputs)) throw new Error(`no input ${name}`);
    const env = {
      HOME_OF_QMPCHECK: join(folder, 'temp/qmpcheck'),
      PACKAGE: use.with.package,
      TARGET: 'reference',
      CASES,
      BASELINE: '',
      EXPECT: '',
      GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    };
    for (const variable of [install, run, summarize].flatMap((step) => Object.keys(step.env)))
      if (variable !== 'SHARD' && !(variable in env)) throw new Error(`no variable ${variable}`);
    for (const SHARD of jobs.conformance.strategy.matrix.shard) {
      shell(install.run, env);
      shell(run.run, { ...env, SHARD });
      shell(summarize.run, { ...env, SHARD });
    }
    for (const kind of ['json', 'xml', 'sarif', 'md']) wanted([`shard-1.${kind}`, `shard-2.${kind}`]);
    if (!readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8').includes('reference')) throw new Error('no summary');
    for (const step of jobs.report.steps) if (step.run !== undefined) shell(step.run);
    merged();
  });

  await check('the GitLab snippet, elsewhere', () => {
    const {
      variables,
      '.qmpcheck': base,
      qmpcheck,
      'qmpcheck-report': report,
    } = parse(read('gitlab-ci.yml'));
    const env = { ...variables, QMPCHECK_TARGET: 'reference', QMPCHECK_CASES: CASES };
    // What brings QEMU is for the server's image; the reference needs none.
    const lines = (job) =>
      [...base.before_script, ...job.script].filter((line) => !line.startsWith('apt-get'));
    const count = String(qmpcheck.parallel);
    for (let index = 1; index <= qmpcheck.parallel; index += 1)
      shell(lines(qmpcheck).join('\n'), { ...env, CI_NODE_INDEX: String(index), CI_NODE_TOTAL: count });
    wanted(['shard-1.xml', 'shard-2.xml']);
    shell(lines(report).join('\n'), env);
    merged();
  });

  await check('the kit leaves nothing in a repository but its report', () => {
    const left = shell('git status --porcelain --ignored').split('\n').filter(Boolean);
    const known = ['?? .qmpcheck/', '?? qmpcheck.tgz'];
    if (left.some((line) => !known.includes(line))) throw new Error(left.join('\n'));
  });
}
