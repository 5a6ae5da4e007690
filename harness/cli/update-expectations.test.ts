/** `--update-expectations` as scripts see it: what fails becomes known, and nothing else changes. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { packageRoot } from '../../spec/package-root.ts';
import { type CommandResult, callMain, inFolder } from '../testing/command-line.ts';

const ENDPOINT = fileURLToPath(new URL('dist/harness/testing/planted-endpoint.js', packageRoot()));
const CASE = 'blockdev-del/node-unknown';
const DEFECT = 'error class that QMP does not know';

/** A target `ours` with a defect, or none, whose expectations are in `ours.yaml`. */
function configure(cwd: string, defect: string): void {
  const target = `exec:exec node '${ENDPOINT}' ${defect === '' ? '' : `'${defect}'`}`;
  const targets = { ours: { target, expectations: 'ours.yaml' } };
  writeFileSync(join(cwd, 'qmpcheck.config.json'), JSON.stringify({ targets }));
}

const read = (cwd: string, name = 'ours.yaml') => readFileSync(join(cwd, name), 'utf8');

function run(cwd: string, ...options: string[]): Promise<CommandResult> {
  return callMain(['run', CASE, '--target', 'ours', ...options], { cwd });
}

const OTHERS = `# Looked after by hand.
- { about: case, endpoint: ours, case: file/missing, deviations: [{ check: case, message: x }], reason: of a case that did not run }

# Of others.
- { about: case, endpoint: theirs, case: ${CASE}, deviations: [{ check: case, message: x }], reason: of another endpoint }
`;

test('a file that is not there yet is made, and the run that it came from passes', () =>
  inFolder(async (cwd) => {
    configure(cwd, DEFECT);
    expect(await run(cwd)).toMatchObject({ code: 2, stderr: expect.stringContaining('ours.yaml: no such') });
    const { code, stdout, stderr } = await run(cwd, '--update-expectations', 'ours.yaml');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`not ok 1 - ${CASE} # TODO not looked into yet\n`);
    expect(read(cwd)).toMatch(/^- about: case\n {2}endpoint: ours\n {2}version: ">=\S+ <\S+"\n/);
    expect((await run(cwd, '--strict-expectations')).code).toBe(0);
  }));

test('what did not run, and what is of others, stays; a new fault has no old reason', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'ours.yaml'), OTHERS);
    configure(cwd, DEFECT);
    expect((await run(cwd)).code).toBe(1);
    expect((await run(cwd, '--update-expectations', 'ours.yaml')).code).toBe(0);
    const updated = read(cwd);
    expect(updated.startsWith(OTHERS)).toBe(true);

    // Somebody looked into it, then it became another fault.
    const reason = 'it is the class';
    const explained = updated
      .replace('not looked into yet', reason)
      .replace(/unknown error class .*/, 'no *');
    writeFileSync(join(cwd, 'ours.yaml'), explained);
    expect((await run(cwd)).code).toBe(1);
    expect((await run(cwd, '--update-expectations', 'ours.yaml')).code).toBe(0);
    const [kept, fresh] = read(cwd).slice(OTHERS.length).split(reason);
    expect(kept).not.toContain('unknown error class');
    expect(fresh).toMatch(
      /check: error-class\n {6}message: unknown error class .*\n(.*\n)*? +reason: not looked into yet\n/,
    );

    configure(cwd, '');
    expect((await run(cwd, '--update-expectations', 'ours.yaml')).code).toBe(0);
    expect(read(cwd)).toBe(OTHERS);
  }));

test('an earlier record serves as well as a run', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'ours.yaml'), OTHERS);
    writeFileSync(join(cwd, 'again.yaml'), OTHERS);
    configure(cwd, DEFECT);
    expect((await run(cwd, '--reporter', 'json=record.json')).code).toBe(1);
    const compat = (...args: string[]) => callMain(['compat', 'record.json', ...args], { cwd });
    expect((await compat()).code).toBe(1);
    expect((await compat('--update-expectations', 'again.yaml')).code).toBe(0);
    expect((await run(cwd, '--update-expectations', 'ours.yaml')).code).toBe(0);
    expect(read(cwd, 'again.yaml')).toBe(read(cwd));
  }));

test('what is wrong in the file is told before the run, and the file stays', () =>
  inFolder(async (cwd) => {
    configure(cwd, DEFECT);
    writeFileSync(join(cwd, 'ours.yaml'), `${OTHERS}- about: case\n  cases: x\n`);
    const { code, stdout, stderr } = await run(cwd, '--update-expectations', 'ours.yaml');
    expect(stderr).toBe('qmpcheck: ours.yaml:7: [2].cases: unknown key\n');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(read(cwd)).toContain('cases: x');
    const failed = await callMain(
      ['run', CASE, '--target', 'exec:exit 3', '--update-expectations', 'new.yaml'],
      { cwd },
    );
    expect(failed.code).toBe(2);
    expect(existsSync(join(cwd, 'new.yaml'))).toBe(false);
  }));
