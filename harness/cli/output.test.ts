/** What becomes of files and of stdout when something goes wrong, as scripts see it. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { callMain, inFolder, inShell, qmpcheck } from '../testing/command-line.ts';

const CASE = 'block_resize/grow';
const OLD = '{"what": "was there before"}\n';
const KEPT = 'the earlier file is kept';
const isRoot = process.getuid?.() === 0;

/** A folder with `result.json`; `isAsItWas` holds it to what it was. */
function withOld(work: (cwd: string, isAsItWas: () => void) => unknown): Promise<void> {
  return inFolder(async (cwd) => {
    const file = join(cwd, 'result.json');
    writeFileSync(file, OLD);
    await work(cwd, () => {
      expect(readFileSync(file, 'utf8')).toBe(OLD);
      expect(partials(cwd)).toEqual([]);
    });
  });
}

const partials = (cwd: string) => readdirSync(cwd).filter((name) => name.endsWith('.partial'));
const record = (cwd: string, file = 'result.json') => JSON.parse(readFileSync(join(cwd, file), 'utf8'));

describe('an earlier result is kept', () => {
  test.each([
    ['no case matches', ['nul-co/*'], 'no case matches'],
    ['the endpoint does not start', [CASE, '--target', 'exec:exit 3'], 'exec:exit 3'],
    ['nobody is at the address', [CASE, '--target', 'unix:/no/such.sock'], '/no/such.sock'],
    ['another report cannot be written', [CASE, '--reporter', 'html=/no/such/r.html'], '/no/such/r.html'],
    ['expectations cannot be written', [CASE, '--update-expectations', '/no/such/x.yaml'], '/no/such/x.yaml'],
  ])('where %s', (_, args, message) =>
    withOld(async (cwd, isAsItWas) => {
      const { code, stdout, stderr } = await callMain(['run', ...args, '--reporter', 'json=result.json'], {
        cwd,
      });
      expect(stderr).toContain(message);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      isAsItWas();
    }),
  );

  test('where the run is killed', () =>
    withOld(async (cwd, isAsItWas) => {
      const args = [
        'run',
        'derived/*',
        '--workers',
        '1',
        '--reporter',
        'tap',
        '--reporter',
        'json=result.json',
      ];
      const { code, stdout } = await qmpcheck(args, {
        cwd,
        watch: (child, printed) => {
          if (printed.includes('ok 1 ')) child.kill('SIGKILL');
        },
      });
      expect(stdout).toContain('ok 1 ');
      expect(code).toBeNull();
      isAsItWas();
    }));

  test('where the file does not fit: its first bytes are taken, the others are not', () =>
    withOld((cwd, isAsItWas) => {
      const { code, stdout, stderr } = inShell(
        `ulimit -f 256; $QMPCHECK run ${CASE} --reporter html=result.json --reporter tap`,
        cwd,
      );
      expect(stdout).toContain(`ok 1 - ${CASE}\n`);
      expect(stderr).toBe(`qmpcheck: result.json: cannot be written: file too large; ${KEPT}\n`);
      expect(code).toBe(2);
      isAsItWas();
    }));

  test.skipIf(!isRoot)('where the disk fills (as root, who may mount one)', () =>
    withOld((cwd) => {
      mkdirSync(join(cwd, 'small'));
      const onSmallDisk = `
        mount -t tmpfs -o size=8k tmpfs small; cp result.json small
        $QMPCHECK run ${CASE} --reporter json=small/result.json; code=$?
        cat small/*; exit $code`;
      const { code, stdout, stderr } = inShell(`unshare -m sh -c '${onSmallDisk}'`, cwd);
      expect(stderr).toBe(
        `qmpcheck: small/result.json: cannot be written: no space left on device; ${KEPT}\n`,
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: OLD });
    }),
  );

  test.skipIf(!isRoot)('and a campaign tells of it', () =>
    inFolder(async (cwd) => {
      const script =
        'mount -t tmpfs -o size=16k tmpfs .; cd .; $QMPCHECK fuzz --commands 400 --seed 1 --out new';
      const { code, stderr } = inShell(`unshare -m sh -c '${script}'`, cwd);
      expect(stderr).toContain('qmpcheck: new/log.jsonl: cannot be written: no space left on device\n');
      expect(stderr).not.toContain('    at ');
      expect(code).toBe(2);
    }),
  );

  test('by compat too', () =>
    inFolder(async (cwd) => {
      const made = await callMain(['run', 'raw/*', '--reporter', 'json=record.json'], { cwd });
      expect(made.code).toBe(0);
      for (const name of ['r.html', 'r.md', 'all.json']) writeFileSync(join(cwd, name), OLD);
      const views = '--html r.html --markdown r.md --merge all.json';
      const { code, stderr } = inShell(`ulimit -f 1; $QMPCHECK compat record.json ${views}`, cwd);
      const told = stderr.match(/\S+(?=: cannot be written: file too large; the earlier file is kept$)/gm);
      expect(told).toEqual(['all.json', 'r.html']);
      expect(code).toBe(2);
      expect(readFileSync(join(cwd, 'r.html'), 'utf8')).toBe(OLD);
      expect(readFileSync(join(cwd, 'all.json'), 'utf8')).toBe(OLD);
      // What can be written is, whatever becomes of the others.
      expect(readFileSync(join(cwd, 'r.md'), 'utf8')).toContain('QMP block API compatibility');
      expect(partials(cwd)).toEqual([]);
    }));
});

test('the baseline may be the output too', () =>
  inFolder(async (cwd) => {
    const call = ['run', CASE, '--reporter', 'json=result.json'];
    expect((await callMain(call, { cwd })).code).toBe(0);
    const { code, stderr } = await callMain([...call, '--baseline', 'result.json'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(record(cwd).cases).toHaveLength(1);
    expect(partials(cwd)).toEqual([]);
  }));

describe('what is no regular file is written as it is', () => {
  test('a fifo', () =>
    inFolder(async (cwd) => {
      const script = `mkfifo pipe; cat pipe >copy.json & $QMPCHECK run ${CASE} --reporter json=pipe; code=$?; wait; exit $code`;
      expect(inShell(script, cwd).code).toBe(0);
      expect(record(cwd, 'copy.json').cases).toHaveLength(1);
      expect(statSync(join(cwd, 'pipe')).isFIFO()).toBe(true);
    }));

  test.each([
    ['/dev/stdout', '>copy.json'],
    ['/dev/fd/3', '3>copy.json'],
    ['/dev/stdout', '| cat >copy.json'],
  ])('%s with %s', (file, redirection) =>
    inFolder(async (cwd) => {
      const script = `$QMPCHECK run ${CASE} --reporter json=${file} --reporter tap=r.tap ${redirection}`;
      expect(inShell(script, cwd)).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(record(cwd, 'copy.json').cases).toHaveLength(1);
    }),
  );

  test('a full one is told', () =>
    inFolder(async (cwd) => {
      const { code, stderr } = inShell(`$QMPCHECK run ${CASE} --reporter json=/dev/full`, cwd);
      expect(stderr).toBe('qmpcheck: /dev/full: cannot be written: no space left on device\n');
      expect(code).toBe(2);
    }));
});

describe('stdout', () => {
  test.each([
    ['run', `run ${CASE}`],
    ['list', 'list'],
    ['compat', 'compat record.json'],
    ['help', '--help'],
  ])('that is full ends %s with a message and 2', (_, call) =>
    inFolder(async (cwd) => {
      await callMain(['run', CASE, '--reporter', 'json=record.json'], { cwd });
      expect(inShell(`$QMPCHECK ${call} >/dev/full`, cwd)).toEqual({
        code: 2,
        stdout: '',
        stderr: 'qmpcheck: stdout: cannot be written: no space left on device\n',
      });
    }),
  );

  test('that takes only a part ends with a message and 2', () =>
    inFolder(async (cwd) => {
      const { code, stderr } = inShell('ulimit -f 1; $QMPCHECK list >list.txt', cwd);
      expect(stderr).toBe('qmpcheck: stdout: cannot be written: file too large\n');
      expect(code).toBe(2);
    }));

  test.each([
    ['0', ''],
    ['1', '--strict-expectations'],
  ])('whose reader leaves changes nothing: exit code %s, no word', (code, options) =>
    inFolder(async (cwd) => {
      const stale = `- { about: case, endpoint: reference, case: ${CASE}, deviations: [{ check: case, message: x }], reason: r }\n`;
      writeFileSync(join(cwd, 'known.yaml'), stale);
      const call = `$QMPCHECK run ${CASE} 'raw/*' --expect known.yaml ${options}`;
      const { stdout, stderr } = inShell(`{ ${call}; echo $? >code; } | head -1`, cwd);
      expect({ stdout, stderr }).toEqual({ stdout: 'TAP version 14\n', stderr: '' });
      expect(readFileSync(join(cwd, 'code'), 'utf8')).toBe(`${code}\n`);
    }),
  );
});
