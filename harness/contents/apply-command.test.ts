/** What commands and jobs leave to be claimed, and what they take away. */
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import { CommandFollower } from './apply-command.ts';
import { ContentsModel } from './contents-model.ts';

const SIZE = 4096;
const filled = (byte: number, size = SIZE): Buffer => Buffer.alloc(size, byte);

const file = (filename: string): JsonObject => ({ driver: 'file', filename: `/s/${filename}` });
const blockdev = (options: JsonObject): string[] => ['-blockdev', JSON.stringify(options)];

/** `base` below `top`, and `other` beside them, all known: filled with 1, 2 and 3. */
function fixture(): { model: ContentsModel; effects: CommandFollower; run: Run; ended: Ended } {
  const model = new ContentsModel();
  const effects = new CommandFollower(model, [
    ...blockdev({ driver: 'raw', 'node-name': 'base', file: file('f0') }),
    ...blockdev({ driver: 'qcow2', 'node-name': 'top', backing: 'base', file: file('f1') }),
    ...blockdev({ driver: 'qcow2', 'node-name': 'other', backing: null, file: file('f2') }),
  ]);
  for (const [index, name] of ['base', 'top', 'other'].entries()) model.learn(name, filled(index + 1));
  return {
    model,
    effects,
    run: (command, args) => effects.saw(command, args, true, []),
    ended: (event, data) => effects.heard([{ event, data: { device: 'j', ...data } }]),
  };
}
type Run = (command: string, args: JsonObject) => void;
type Ended = (event: string, data?: JsonObject) => void;

const known = (model: ContentsModel): string[] =>
  ['base', 'top', 'other'].filter((name) => model.bytesOf(name) !== null);
const left = (effects: CommandFollower) =>
  [...effects.left].map(([name, { options, bytes }]) => ({ name, options, byte: bytes[0] }));
const wrong = (model: ContentsModel, name: string, bytes: Buffer): string | undefined =>
  model.judge(name, bytes)?.message;

describe('what is claimed', () => {
  test('what was read stays, byte by byte, and its length but for the rest of a sector', () => {
    const { model } = fixture();
    const changed = filled(1);
    changed[777] = 9;
    expect(model.judge('base', filled(1))).toBe(null);
    expect(model.judge('base', changed)).toMatchObject({ offset: 777, expected: 1, got: 9 });
    expect(model.judge('base', filled(1, SIZE + 511))).toBe(null);
    expect(wrong(model, 'base', filled(1, SIZE + 512))).toMatch(/length/);
  });
  test('a write is there, and reaches no backing file; what stands on the node is not known any more', () => {
    const { model } = fixture();
    model.wrote('top', 512, filled(9, 512));
    expect(known(model)).toEqual(['base', 'top', 'other']);
    expect(wrong(model, 'top', filled(2))).toBe('a node does not contain what was written to it');
    model.wrote('base', 0, filled(9, 512));
    expect(known(model)).toEqual(['base', 'other']);
  });
  test.each<[string, JsonObject]>([
    ['query-block', {}],
    ['block-export-add', { type: 'nbd', id: 'x', 'node-name': 'top' }],
    ['block-dirty-bitmap-add', { node: 'top', name: 'b' }],
    ['blockdev-snapshot-internal-sync', { device: 'top', name: 's' }],
    ['block-job-set-speed', { device: 'j', speed: 1 }],
  ])('%s leaves all as it was', (command, args) => {
    const { model, run } = fixture();
    run(command, args);
    expect(known(model)).toEqual(['base', 'top', 'other']);
  });
  test('a refused command leaves all as it was, a command of which nothing is known leaves nothing to claim', () => {
    const { model, effects, run } = fixture();
    effects.saw('block_resize', { 'node-name': 'top', size: 512 }, false, []);
    expect(known(model)).toEqual(['base', 'top', 'other']);
    run('no-such-command', {});
    expect(known(model)).toEqual([]);
  });
  test.each<[string, JsonObject]>([
    ['human-monitor-command', { 'command-line': 'qemu-io #block17 "write 0 64k"' }],
    ['block_resize', { device: 'ide0-hd0', size: 512 }],
  ])('%s of what is no node that is known leaves nothing to claim', (command, args) => {
    const { model, run } = fixture();
    run(command, args);
    expect(known(model)).toEqual([]);
  });
  test('nothing of a node whose file another node, a command or somebody else uses', () => {
    const { model, effects, run } = fixture();
    run('blockdev-add', { driver: 'raw', 'node-name': 'again', file: file('f2') });
    expect(known(model)).toEqual(['base', 'top']);
    effects.saw('drive-backup', { device: 'base', target: '/s/f1' }, false, []);
    expect(known(model)).toEqual(['base']);
    run('blockdev-add', { driver: 'raw', 'node-name': 'above', file: 'again' });
    expect(model.readable).toEqual(['base']);
    effects.overwritten('f0');
    expect(model.readable).toEqual([]);
  });
  test.each<[string, JsonObject]>([
    ['blockdev-add', { driver: 'raw', 'node-name': 'n', file: { driver: 'nbd', server: {} } }],
    ['drive-backup', { 'job-id': 'j', device: 'top', target: 'nbd:unix:/s/server', sync: 'full' }],
  ])('nothing once %s reaches a server, which may serve any of the nodes', (command, args) => {
    const { model, run } = fixture();
    run(command, args);
    expect(known(model)).toEqual([]);
  });
  test('nothing of nodes under a format, and of drivers whose bytes are not their children alone', () => {
    const { model, run } = fixture();
    run('blockdev-add', { ...file('f5'), 'node-name': 'store' });
    run('blockdev-add', { driver: 'throttle', 'node-name': 'slow', file: 'base', 'throttle-group': 'g' });
    expect(model.readable).toEqual(['top', 'other', 'store']);
    run('blockdev-add', { driver: 'qcow2', 'node-name': 'format', file: 'store', backing: null });
    expect(model.readable).toEqual(['top', 'other', 'format']);
  });
  test('nothing of what came to stand on a node whose reads are not said, until it stands on it no more', () => {
    const { model, run, ended } = fixture();
    run('blockdev-add', { driver: 'null-co', 'node-name': 'null' });
    run('blockdev-snapshot', { node: 'null', overlay: 'other' });
    expect(model.readable).toEqual(['base', 'top']);
    run('blockdev-mirror', { 'job-id': 'j', device: 'base', target: 'null', sync: 'full' });
    run('block-job-complete', { device: 'j' });
    ended('BLOCK_JOB_COMPLETED');
    model.learn('top', filled(2));
    expect(known(model)).toEqual([]);
  });
  test('a node that is made smaller keeps its start, one that grows is zero at the end, an overlay that grows is unknown', () => {
    const { model, run } = fixture();
    run('block_resize', { 'node-name': 'other', size: 1024 });
    expect(model.bytesOf('other')).toEqual(filled(3, 1024));
    run('block_resize', { 'node-name': 'other', size: 2048 });
    expect(model.bytesOf('other')).toEqual(Buffer.concat([filled(3, 1024), filled(0, 1024)]));
    run('block_resize', { 'node-name': 'top', size: 2 * SIZE });
    expect(model.bytesOf('top')).toBe(null);
  });
});

test.each<[string, JsonObject, string | null]>([
  ['/s/server', {}, '/s/server'],
  ['server', {}, null],
  ['/s/server', { 'tls-creds': 't' }, null],
])('a server at %s, with %o, can be asked at %s', (path, more, socket) => {
  const { effects, run } = fixture();
  run('nbd-server-start', { addr: { type: 'unix', data: { path } }, ...more });
  expect(effects.server).toBe(socket);
});

describe('jobs', () => {
  const start = { 'job-id': 'j', device: 'top', sync: 'full' };

  test('a completed mirror contains what its source does then; users of the source are the target’s', () => {
    const { model, effects, run, ended } = fixture();
    run('nbd-server-add', { device: 'top', name: 'x' });
    run('blockdev-mirror', { ...start, target: 'other' });
    expect([...effects.jobs.inFlux]).toContain('other');
    model.wrote('top', 0, filled(9, 512));
    run('block-job-complete', { device: 'j' });
    ended('BLOCK_JOB_COMPLETED');
    expect(wrong(model, 'other', filled(2))).toMatch(/completed mirror/);
    expect(model.judge('other', Buffer.concat([filled(9, 512), filled(2, SIZE - 512)]))).toBe(null);
    expect(effects.exports.get('x')).toBe('other');
  });
  test('what is done to its filter is done to its source, by whoever stands on the filter, too', () => {
    for (const reached of [
      ['human-monitor-command', { 'command-line': 'qemu-io filter "write 0 64k"' }],
      ['human-monitor-command', { 'command-line': 'qemu-io above "write 0 64k"' }],
      ['block_resize', { 'node-name': 'above', size: 512 }],
    ] as const) {
      const { model, run } = fixture();
      run('blockdev-mirror', { ...start, device: 'base', target: 'other', 'filter-node-name': 'filter' });
      run('blockdev-add', { driver: 'raw', 'node-name': 'above', file: 'filter' });
      expect(known(model)).toEqual(['base', 'top']);
      run(reached[0], reached[1] as JsonObject);
      expect(known(model)).toEqual([]);
    }
  });
  test('when its filter has gone, who stood on that stands on the source', () => {
    const { model, effects, run, ended } = fixture();
    run('blockdev-mirror', { ...start, device: 'base', target: 'other', 'filter-node-name': 'filter' });
    run('blockdev-add', { driver: 'raw', 'node-name': 'above', file: 'filter' });
    run('nbd-server-add', { device: 'filter', name: 'x' });
    ended('BLOCK_JOB_CANCELLED');
    run('blockdev-add', { driver: 'raw', 'node-name': 'filter', file: file('f6') });
    expect(effects.exports.get('x')).toBe('base');
    expect(model.readable).toContain('above');
    model.learn('above', filled(1));
    model.wrote('filter', 0, filled(9));
    expect(model.bytesOf('above')).toEqual(filled(1));
    model.wrote('base', 0, filled(9));
    expect(model.bytesOf('above')).toBe(null);
  });
  test.each<[string, JsonObject]>([
    ['blockdev-mirror', { sync: 'full' }],
    ['blockdev-backup', { sync: 'full' }],
  ])('%s does not see what is written below its source', (command, args) => {
    const { model, run, ended } = fixture();
    run(command, { 'job-id': 'j', device: 'top', target: 'other', ...args });
    model.wrote('base', 0, filled(9));
    model.learn('top', filled(9));
    ended('BLOCK_JOB_COMPLETED');
    expect(known(model)).toEqual(['base', 'top']);
  });
  test('a cancelled one may contain anything, its source what it did', () => {
    const { model, run, ended } = fixture();
    run('blockdev-mirror', { ...start, target: 'other' });
    ended('BLOCK_JOB_CANCELLED');
    expect(known(model)).toEqual(['base', 'top']);
  });
  test('a backup contains what its source did at the start, if no error was passed over', () => {
    for (const [policy, expected] of [
      [{}, 'the target of a completed backup does not contain what its source did at the start'],
      [{ 'on-target-error': 'ignore' }, undefined],
    ] as const) {
      const { model, run, ended } = fixture();
      run('blockdev-backup', { ...start, ...policy, target: 'other' });
      model.wrote('top', 0, filled(9, 512));
      ended('BLOCK_JOB_COMPLETED');
      expect(model.judge('other', filled(2))).toBe(null);
      expect(wrong(model, 'other', filled(9))).toBe(expected);
    }
  });
  test('writes wait for a backup that runs, of the node or of one above, and for none that has ended', () => {
    const { effects, run, ended } = fixture();
    run('blockdev-backup', { ...start, target: 'other' });
    const waiting = () => ['base', 'top', 'other'].filter((name) => effects.jobs.copiesBeforeWrite(name));
    expect(waiting()).toEqual(['base', 'top']);
    ended('BLOCK_JOB_COMPLETED');
    expect(waiting()).toEqual([]);
  });
  test('an error of a job that completes leaves nothing to claim of its target', () => {
    const { model, run, ended } = fixture();
    run('blockdev-backup', { ...start, target: 'other' });
    ended('BLOCK_JOB_COMPLETED', { error: 'No space left on device' });
    expect(known(model)).toEqual(['base', 'top']);
  });
  test('an incremental backup brings over what differs; what does not may be of either side', () => {
    const { model, run, ended } = fixture();
    run('block-dirty-bitmap-add', { node: 'top', name: 'b' });
    model.wrote('top', 0, filled(9, 512));
    run('blockdev-backup', { ...start, sync: 'incremental', bitmap: 'b', target: 'other' });
    ended('BLOCK_JOB_COMPLETED');
    const contents = (first: number, rest: number): Buffer =>
      Buffer.concat([filled(first, 512), filled(rest, SIZE - 512)]);
    expect(model.judge('other', contents(9, 3))).toBe(null);
    expect(model.judge('other', contents(9, 2))).toBe(null);
    expect(wrong(model, 'other', contents(3, 3))).toMatch(/incremental/);
    expect(wrong(model, 'other', contents(9, 4))).toMatch(/incremental/);
  });
  test('a commit leaves in the base what was above, a stream changes nothing that a guest sees', () => {
    const { model, run, ended } = fixture();
    run('block-commit', { 'job-id': 'j', device: 'top' });
    expect(known(model)).toEqual(['top', 'other']);
    run('block-job-complete', { device: 'j' });
    ended('BLOCK_JOB_COMPLETED');
    expect(model.judge('base', filled(2))).toBe(null);
    expect(wrong(model, 'base', filled(1))).toMatch(/commit/);

    const other = fixture();
    other.run('block-stream', { 'job-id': 'j', device: 'top' });
    other.ended('BLOCK_JOB_COMPLETED');
    expect(known(other.model)).toEqual(['base', 'top', 'other']);
    other.model.wrote('base', 0, filled(9, 512));
    expect(known(other.model)).toEqual(['base', 'top', 'other']);
  });
  test('when a write and the end of a job come together, nobody knows which was first', () => {
    const { model, effects, run } = fixture();
    run('blockdev-mirror', { ...start, target: 'other' });
    const events = [{ event: 'BLOCK_JOB_COMPLETED', data: { device: 'j' } }];
    model.wrote('top', 0, filled(9, 512));
    effects.jobs.doubt('top', events);
    effects.heard(events);
    expect(known(model)).toEqual([]);
  });
});

describe('what can be known for certain of', () => {
  test('a child of a quorum: it stays as it is, is the quorum’s while it is in, and is read anew then', () => {
    const { model, run } = fixture();
    run('blockdev-add', { ...file('f5'), 'node-name': 'a' });
    run('blockdev-add', { ...file('f6'), 'node-name': 'b' });
    run('blockdev-add', { driver: 'quorum', 'node-name': 'q', 'vote-threshold': 1, children: ['a', 'b'] });
    run('x-blockdev-change', { parent: 'q', node: 'other' });
    expect(model.readable).toEqual(['base', 'top']);
    run('x-blockdev-change', { parent: 'q', child: 'children.1' });
    expect(model.readable).toEqual(['base', 'top', 'b']);
    expect(known(model)).toEqual(['base', 'top']);
    run('x-blockdev-change', { parent: 'q', child: 'children.7' });
    expect(model.readable).toEqual([]);
  });
  test.each(['x-blockdev-create', 'blockdev-create'])(
    '%s: nothing of the node that it writes to',
    (command) => {
      for (const isAccepted of [true, false]) {
        const { model, effects } = fixture();
        effects.saw(command, { driver: 'raw', file: 'base', size: SIZE }, isAccepted, []);
        expect(known(model)).toEqual(['other']);
        expect(model.readable).toEqual(['other']);
      }
    },
  );
  test('a medium that is changed: no node is another', () => {
    const { model, run } = fixture();
    run('blockdev-change-medium', { id: 'cd', filename: '/s/f2' });
    expect(known(model)).toEqual(['base', 'top']);
  });
  test('a node that is opened again: contents stay on the same nodes, on others nobody knows', () => {
    const { model, run } = fixture();
    run('blockdev-add', { ...file('f5'), 'node-name': 'store' });
    run('blockdev-add', { driver: 'qcow2', 'node-name': 'over', file: 'store', backing: 'other' });
    model.learn('over', filled(4));
    const options = { driver: 'qcow2', 'node-name': 'over', file: 'store' };
    run('blockdev-reopen', { options: [{ ...options, backing: 'other', 'read-only': true }] });
    expect(model.bytesOf('over')).toEqual(filled(4));
    run('blockdev-reopen', { options: [{ ...options, backing: null }] });
    expect(model.readable).toEqual([]);
  });
});

describe('copies into files', () => {
  const copy = { 'job-id': 'j', device: 'top', target: '/s/f7', sync: 'full', format: 'qcow2' };
  const expected = {
    name: 'f7',
    options: { driver: 'qcow2', backing: null, file: { driver: 'file', filename: '/s/f7' } },
  };

  test('a backup leaves what its source contained at the start, a mirror that is cancelled what it contains then', () => {
    for (const [command, byte] of [
      ['drive-backup', 2],
      ['drive-mirror', 9],
    ] as const) {
      const { model, effects, run, ended } = fixture();
      run(command, copy);
      model.wrote('top', 0, filled(9));
      expect(left(effects)).toEqual([]);
      ended('BLOCK_JOB_COMPLETED');
      expect(left(effects)).toEqual([{ ...expected, byte }]);
      expect(known(model)).toEqual(['base', 'top', 'other']);
    }
  });
  test.each<[string, JsonObject, string]>([
    ['not all', { sync: 'top' }, 'BLOCK_JOB_COMPLETED'],
    ['a format that is not named', { format: 'vmdk' }, 'BLOCK_JOB_COMPLETED'],
    ['a file that was there', { mode: 'existing' }, 'BLOCK_JOB_COMPLETED'],
    ['errors that are passed over', { 'on-source-error': 'ignore' }, 'BLOCK_JOB_COMPLETED'],
    ['a copy that was cut off', {}, 'BLOCK_JOB_CANCELLED'],
  ])('of %s nothing is claimed', (_, args, end) => {
    const { effects, run, ended } = fixture();
    run('drive-backup', { ...copy, ...args });
    ended(end);
    expect(left(effects)).toEqual([]);
  });
  test('nor of a file that is used again', () => {
    for (const again of [
      ['blockdev-add', { driver: 'qcow2', 'node-name': 'n', file: file('f7') }],
      ['drive-backup', { ...copy, 'job-id': 'k' }],
    ] as const) {
      const { effects, run, ended } = fixture();
      run('drive-backup', copy);
      ended('BLOCK_JOB_COMPLETED');
      run(again[0], again[1] as JsonObject);
      expect(left(effects)).toEqual([]);
    }
  });
  test('nor of a node on the file while the job writes to it', () => {
    const { model, run } = fixture();
    run('drive-backup', copy);
    run('blockdev-add', { ...file('f7'), 'node-name': 'n' });
    run('blockdev-add', { ...file('f8'), 'node-name': 'm' });
    expect(model.readable).toEqual(['base', 'top', 'other', 'm']);
  });
  test('users of the source of a completed mirror use a node that nobody follows', () => {
    const { model, effects, run, ended } = fixture();
    run('nbd-server-add', { device: 'base', name: 'x' });
    run('drive-mirror', { ...copy, device: 'base', 'node-name': 'copy' });
    run('block-job-complete', { device: 'j' });
    ended('BLOCK_JOB_COMPLETED');
    expect(effects.exports.get('x')).toBe('copy');
    expect(model.readable).toEqual(['base', 'other']);
    expect(left(effects)).toEqual([]);
  });
});

describe('nodes that are deleted', () => {
  const deletion = { 'node-name': 'other' };

  test('leave what they contained in their files', () => {
    const { model, effects, run } = fixture();
    model.wrote('other', 0, filled(9));
    run('blockdev-del', deletion);
    const options = { driver: 'qcow2', backing: null, file: { driver: 'file', filename: '/s/f2' } };
    expect(left(effects)).toEqual([{ name: 'f2', options, byte: 9 }]);
  });
  test.each<[string, string, (effects: CommandFollower, model: ContentsModel, run: Run) => void]>([
    ['contents that nobody knows', 'other', (_, model) => model.forget(['other'])],
    ['a node on another, which may change', 'top', () => undefined],
    [
      'a node whose file is open otherwise, too',
      'fmt',
      (_, model, run) => {
        run('blockdev-add', { ...file('f5'), 'node-name': 'storage' });
        run('blockdev-add', { driver: 'qcow2', 'node-name': 'fmt', backing: null, file: 'storage' });
        model.learn('fmt', filled(5));
      },
    ],
  ])('nothing is claimed of %s', (_, name, before) => {
    const { model, effects, run } = fixture();
    before(effects, model, run);
    run('blockdev-del', { 'node-name': name });
    expect(left(effects)).toEqual([]);
  });
  test.each<[string, (effects: CommandFollower, run: Run) => void]>([
    ['opened again', (_, run) => run('blockdev-add', { ...file('f2'), 'node-name': 'again' })],
    ['overwritten', (effects) => effects.overwritten('f2')],
  ])('nor of a file that is %s', (_, then) => {
    const { effects, run } = fixture();
    run('blockdev-del', deletion);
    then(effects, run);
    expect(left(effects)).toEqual([]);
  });
});

test('images are those files that qcow2 nodes alone have used', () => {
  const { effects, run } = fixture();
  expect([...effects.images]).toEqual(['f1', 'f2']);
  run('blockdev-add', { ...file('f2'), 'node-name': 'store' });
  effects.overwritten('f1');
  expect([...effects.images]).toEqual([]);
});

test('a file is used in another way, too, if it is opened as a device', () => {
  const { effects, run } = fixture();
  run('blockdev-add', { ...file('f2'), driver: 'host_cdrom', 'node-name': 'disc' });
  expect([...effects.images]).toEqual(['f1']);
});
