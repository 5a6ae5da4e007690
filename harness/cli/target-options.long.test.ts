/** Options that say more of a target than its name, and the same in the config: as users give them. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../reports/record.ts';
import { packageRoot } from '../../spec/package-root.ts';
import { callMain, inFolder, program } from '../testing/command-line.ts';

const proxy = fileURLToPath(new URL('harness/testing/hiding-proxy.mjs', packageRoot()));
const qapi = fileURLToPath(new URL('spec/schema/qmp-block.json', packageRoot()));

/** The reference, without these commands. */
const without = (hidden: string) =>
  `exec:${process.execPath} ${proxy} ${hidden} ${program} serve -nodefaults -qmp stdio`;

async function recordOf(
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; record: RunRecord }> {
  const { code, stderr } = await callMain(['run', ...args, '--reporter', 'json=r.json'], { cwd });
  expect(stderr).toBe('');
  return { code, record: JSON.parse(readFileSync(join(cwd, 'r.json'), 'utf8')) as RunRecord };
}

const outcomes = ({ cases }: RunRecord) => cases.map(({ outcome }) => outcome);

describe('without query-qmp-schema', () => {
  test('run: by the spec, as far as query-commands lists it', () =>
    inFolder(async (cwd) => {
      const args = [
        'block_resize/grow',
        'drive-mirror/full',
        '--target',
        without('query-qmp-schema,drive-mirror'),
      ];
      const { code, record } = await recordOf(args, cwd);
      expect(code).toBe(0);
      expect(outcomes(record)).toEqual(['pass', 'skip']);
      expect(record.cases[1]!.reason).toBe('the endpoint does not offer command drive-mirror');
      expect(record.endpoint.schemaOrigin).toEqual({
        base: 'spec',
        restrictedBy: 'query-commands',
        reason: expect.stringContaining('query-qmp-schema: CommandNotFound'),
      });
    }));

  test('run: nor query-commands: by probing; an undecided command is known when a case has sent it', () =>
    inFolder(async (cwd) => {
      const hidden = 'query-qmp-schema,query-commands,block-commit,drive-mirror';
      const args = ['block_resize/grow', 'block-commit/*', 'drive-mirror/*', '--target', without(hidden)];
      const { code, record } = await recordOf(args, cwd);
      expect(code).toBe(0);
      const { pass, skip } = record.totals;
      expect(pass + skip).toBe(record.cases.length);
      expect(pass).toBe(1);
      expect(record.endpoint.schemaOrigin).toMatchObject({ restrictedBy: 'probing' });
      expect(record.endpoint.schemaOrigin!.undecided).toContain('drive-mirror');
      expect(record.endpoint.schemaOrigin!.undecided).not.toContain('block-commit');
    }));

  test('fuzz, diff, shell and schema diff go on', async () => {
    const target = without('query-qmp-schema');
    const fuzz = await callMain([
      'fuzz',
      '--target',
      target,
      '--commands',
      '20',
      '--seed',
      '1',
      '--raw',
      '0',
    ]);
    expect({ code: fuzz.code, stdout: fuzz.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('total:'),
    });
    const diff = await callMain(['diff', 'block_resize/grow', '--left', 'reference', '--right', target]);
    expect({ code: diff.code, stdout: diff.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 compared'),
    });
    const drift = await callMain(['schema', 'diff', 'spec', target]);
    expect(drift.stdout).toContain('removed command query-qmp-schema');
    expect(drift.stderr).toMatch(/tested by the spec, restricted to what query-commands lists/);
    expect(drift.code).toBe(1);
  });

  test.each([['{"return": {}}'], ['{"return": []}'], ['{"error": {"class": "AcmeError", "desc": "no"}}']])(
    'one that answers %s',
    (reply) =>
      inFolder(async (cwd) => {
        const target = `exec:QMPCHECK_HIDDEN_REPLY='${reply}' ${without('query-qmp-schema').slice('exec:'.length)}`;
        const { record } = await recordOf(['block_resize/grow', '--target', target], cwd);
        expect(outcomes(record)).toEqual(['pass']);
        expect(record.endpoint.schemaOrigin!.reason).toContain('query-qmp-schema');
      }),
  );

  test('drivers are those that it does not refuse as unknown', () =>
    inFolder(async (cwd) => {
      const target = `exec:QMPCHECK_HIDDEN_DRIVERS=null-co,qcow2 ${without('query-qmp-schema').slice('exec:'.length)}`;
      const { record } = await recordOf(['null-co/size', 'file/size', '--target', target], cwd);
      expect(record.cases.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual([
        ['null-co/size', 'skip', 'the endpoint does not offer driver null-co'],
        ['file/size', 'pass', undefined],
      ]);
    }));
});

test('an endpoint that dies of a probe is tested all the same', () =>
  inFolder(async (cwd) => {
    const target = `exec:QMPCHECK_DEADLY=blockdev-add exec ${without('query-qmp-schema').slice('exec:'.length)}`;
    const { code, record } = await recordOf(['file/size', 'block_resize/grow', '--target', target], cwd);
    expect({ code, outcomes: outcomes(record) }).toEqual({ code: 0, outcomes: ['pass', 'pass'] });
    const told = await callMain(['doctor', '--target', target]);
    expect(told.stdout).toContain('closed the connection, over a probe');
    expect(told.code).toBe(1);
  }));

describe('--schema', () => {
  test('a file in place of the own one, restricted to what is listed; the record and the head say so', () =>
    inFolder(async (cwd) => {
      const args = ['block_resize/grow', '--target', 'reference', '--schema', qapi];
      const { code, record } = await recordOf(args, cwd);
      expect(code).toBe(0);
      expect(record.endpoint.schemaOrigin).toEqual({ base: qapi, restrictedBy: 'query-commands' });
      expect(record.invocation!.options).toEqual(['--schema', qapi]);
    }));
  test('in the config, relative to its folder', () =>
    inFolder(async (cwd) => {
      const subset = `{ 'command': 'query-commands', 'returns': [ 'Name' ] }\n{ 'struct': 'Name', 'data': { 'name': 'str' } }\n`;
      mkdirSync(join(cwd, 'schemas'));
      writeFileSync(join(cwd, 'schemas/ours.json'), subset);
      const targets = { ours: { target: 'reference', schema: 'schemas/ours.json' } };
      writeFileSync(join(cwd, 'qmpcheck.config.json'), JSON.stringify({ targets }));
      const { record } = await recordOf(['block_resize/grow', '--target', 'ours'], cwd);
      expect(record.cases[0]!.reason).toMatch(/^the endpoint does not offer /);
      expect(record.endpoint.schemaOrigin!.base).toBe('schemas/ours.json');
      // what the call says prevails
      const { record: other } = await recordOf(
        ['block_resize/grow', '--target', 'ours', '--schema', 'spec'],
        cwd,
      );
      expect(outcomes(other)).toEqual(['pass']);
    }));
  test('one of just some commands is made by schema introspect --only', () =>
    inFolder(async (cwd) => {
      const only = 'query-commands,query-named-block-nodes,blockdev-add,blockdev-del,block_resize';
      const made = await callMain(['schema', 'introspect', qapi, '--only', only]);
      writeFileSync(join(cwd, 'ours.json'), made.stdout);
      const args = [
        'block_resize/grow',
        'queries/*',
        '--target',
        without('query-qmp-schema'),
        '--schema',
        'ours.json',
      ];
      const { record } = await recordOf(args, cwd);
      expect(record.cases.find(({ id }) => id === 'block_resize/grow')!.outcome).toBe('pass');
      expect(record.totals.skip).toBeGreaterThan(0);
      const wrong = await callMain(['schema', 'introspect', qapi, '--only', 'block_resize,nope']);
      expect(wrong).toMatchObject({
        code: 2,
        stderr: "qmpcheck: --only: the schema has no command 'nope'\n",
      });
    }));
  test('in diff it is for the side that has none', async () => {
    const sides = ['--left', 'reference', '--right', without('query-qmp-schema')];
    const { code, stdout } = await callMain([
      'diff',
      'block_resize/grow',
      ...sides,
      '--schema',
      qapi,
      '--json',
    ]);
    const { left, right } = JSON.parse(stdout) as {
      left: RunRecord['endpoint'];
      right: RunRecord['endpoint'];
    };
    expect(code).toBe(0);
    expect(left.schemaOrigin).toBeUndefined();
    expect(right.schemaOrigin!.base).toBe(qapi);
  });
  test.each([
    ['no-such', 'no-such: no such file, and no target'],
    ['', 'no such file'],
  ])("'%s' is refused", async (name, message) => {
    const { code, stderr } = await callMain(['run', '--schema', name]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

describe('a scratch folder that the endpoint cannot read', () => {
  const target = (cwd: string) =>
    `exec:QMPCHECK_READABLE=${cwd}/share ${without('none').slice('exec:'.length)}`;

  test.each<[string, (name: string) => string[]]>([
    ['run', (name) => ['run', 'file/*', '--target', name]],
    ['fuzz', (name) => ['fuzz', '--commands', '10', '--target', name]],
    ['diff', (name) => ['diff', 'file/*', '--left', 'reference', '--right', name]],
  ])('%s says so once, with the option that helps, and tests nothing', (_, args) =>
    inFolder(async (cwd) => {
      const { code, stdout, stderr } = await callMain(args(target(cwd)));
      expect(stderr).toMatch(
        /^qmpcheck: exec:.*: the endpoint cannot read the scratch folder \(.*denied\): .*--directory HERE/,
      );
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }),
  );
  test('with that option all is well, and without files, too', () =>
    inFolder(async (cwd) => {
      mkdirSync(join(cwd, 'share'));
      const args = ['file/size', 'null-co/size', '--target', target(cwd), '--directory'];
      expect(outcomes((await recordOf([...args, 'share'], cwd)).record)).toEqual(['pass', 'pass']);
      expect(outcomes((await recordOf([...args, 'none'], cwd)).record).toSorted()).toEqual(['pass', 'skip']);
    }));
  test('a folder that does not help is told as such', () =>
    inFolder(async (cwd) => {
      mkdirSync(join(cwd, 'other'));
      const { code, stderr } = await callMain(
        ['run', 'file/*', '--target', target(cwd), '--directory', `other=${cwd}/elsewhere`],
        { cwd },
      );
      expect(stderr).toContain(`cannot read the scratch folder`);
      expect(stderr).toContain(`--directory says that it is ${cwd}/elsewhere there`);
      expect(code).toBe(2);
    }));
});

describe('--directory', () => {
  test('HERE: scratch folders are made there, open to everybody, and gone afterwards', () =>
    inFolder(async (cwd) => {
      mkdirSync(join(cwd, 'share'));
      const look = `for f in . ..; do stat -c %a $f >> ${cwd}/modes; done; pwd > ${cwd}/pwd; umask >> ${cwd}/modes`;
      const target = `exec:${look}; exec ${program} serve -nodefaults -qmp stdio`;
      const umask = process.umask();
      const { code, record } = await recordOf(['file/size', '--target', target, '--directory', 'share'], cwd);
      expect(code).toBe(0);
      expect(outcomes(record)).toEqual(['pass']);
      expect(readFileSync(join(cwd, 'pwd'), 'utf8')).toContain(join(cwd, 'share', 'qmpcheck-run-'));
      expect(readFileSync(join(cwd, 'modes'), 'utf8').split('\n').slice(0, 3)).toEqual([
        '777',
        '777',
        '0000',
      ]);
      expect(readdirSync(join(cwd, 'share'))).toEqual([]);
      expect(process.umask()).toBe(umask);
      expect(statSync(join(cwd, 'r.json')).mode & 0o022).toBe(0);
    }));
  test('what is written for people is no more open than it would be', () =>
    inFolder(async (cwd) => {
      mkdirSync(join(cwd, 'share'));
      const call = ['fuzz', '--commands', '20', '--out', 'campaign', '--directory', 'share'];
      expect((await callMain(call, { cwd })).code).toBe(0);
      for (const name of ['campaign', 'campaign/log.jsonl'])
        expect([name, statSync(join(cwd, name)).mode & 0o777 & process.umask()]).toEqual([name, 0]);
    }));
  test('HERE=THERE: the endpoint is told the names that it knows', () =>
    inFolder(async (cwd) => {
      mkdirSync(join(cwd, 'here'));
      const target = `exec:rm -f ${cwd}/there; ln -s ${cwd}/here ${cwd}/there; ${program} serve -nodefaults -qmp stdio`;
      const directory = `here=${cwd}/there`;
      const { record } = await recordOf(['file/size', '--target', target, '--directory', directory], cwd);
      expect(outcomes(record)).toEqual(['pass']);
      expect(JSON.stringify(record)).not.toContain(`${cwd}/there/`);
    }));
  test('none: cases that need files are left out', () =>
    inFolder(async (cwd) => {
      const { record } = await recordOf(['file/size', 'null-co/size', '--directory', 'none'], cwd);
      expect(outcomes(record).toSorted()).toEqual(['pass', 'skip']);
    }));
  test.each([
    ['/no/such=/x', '/no/such: no such folder'],
    ['/tmp=x', "'x' is no absolute path"],
  ])('%s is refused', async (text, message) => {
    const { code, stderr } = await callMain(['run', '--directory', text]);
    expect(stderr).toBe(`qmpcheck: --directory ${text}: ${message}\n`);
    expect(code).toBe(2);
  });
});
