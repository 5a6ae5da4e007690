/** Each check sees its defect on an endpoint that has it, and says nothing of one that has not. */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { HeldResources } from '../state/held-resources.ts';
import type { Snapshot } from '../state/snapshot.ts';
import {
  EMPTY,
  messages,
  NOTHING,
  ONE_NODE,
  REFUSED,
  runOf,
  type Spoken,
  STAMP,
  watch,
} from '../testing/watched-check.ts';
import type { CheckContext, Exchange } from './check.ts';
import { checks } from './index.ts';
import { leftoverFiles } from './leftover-files.ts';

test('the table is keyed by id, and every check says what it holds the endpoint to', () => {
  for (const [id, make] of Object.entries(checks)) {
    expect(make().id).toBe(id);
    expect(make().title).not.toBe('');
  }
});

describe('envelope', () => {
  test.each<[string, JsonObject]>([
    ['neither return nor error', {}],
    ['both', { return: {}, ...REFUSED }],
    ['a foreign member', { return: {}, time: 1 }],
    ['an id that nobody sent', { return: {}, id: 1 }],
    ['an error that is no object', { error: 'no' }],
    ['an error without class', { error: { desc: 'no' } }],
    ['an error whose text is no string', { error: { class: 'GenericError', desc: 1 } }],
    ['an error with a foreign member', { error: { class: 'GenericError', desc: 'no', data: {} } }],
  ])('reports a reply with %s', async (_, reply) => {
    expect(await messages('envelope', [{ reply }])).toHaveLength(1);
  });

  test.each<[string, JsonObject]>([
    ['no timestamp', { event: 'STOP' }],
    ['a timestamp in fractions', { event: 'STOP', timestamp: { seconds: 1.5, microseconds: 0 } }],
    [
      'microseconds of more than a second',
      { event: 'STOP', timestamp: { seconds: 1, microseconds: 1_000_000 } },
    ],
    ['negative microseconds', { event: 'STOP', timestamp: { seconds: 1, microseconds: -1 } }],
    ['a foreign member', { event: 'STOP', timestamp: STAMP, id: 1 }],
  ])('reports an event with %s', async (_, event) => {
    expect(await messages('envelope', [{ reply: { return: {} }, events: [event] }])).toHaveLength(1);
  });

  test('says nothing of legal ones', async () => {
    const spoken = [
      { reply: { return: {} }, events: [{ event: 'STOP', timestamp: STAMP }] },
      { reply: { return: {} }, events: [{ event: 'STOP', timestamp: { seconds: -1, microseconds: -1 } }] },
      { reply: REFUSED },
      { request: { execute: 'x', id: 7 }, reply: { return: [], id: 7 } },
    ];
    expect(await watch('envelope', spoken)).toEqual([]);
  });
});

describe('error-class', () => {
  test('notes one whose name is reserved for downstream', async () => {
    const reply = { error: { class: '__com.acme_TooFast', desc: 'no' } };
    const { deviations, notes } = await runOf('error-class', [{ reply }]);
    expect([deviations.length, notes.length]).toEqual([0, 1]);
  });
  test('reports a class that QMP does not know', async () => {
    const reply = { error: { class: 'OddError', desc: 'no' } };
    expect(await watch('error-class', [{ reply }])).toMatchObject([
      { path: '$.error.class', got: 'OddError' },
    ]);
  });
  test('looks at every reply to raw bytes, once', async () => {
    const odd = (text: string) => ({ error: { class: text, desc: 'no' } });
    const replies = [odd('OddError'), REFUSED, { return: {} }, odd('Error')];
    const found = await watch('error-class', [{ raw: '[', replies }]);
    expect(found.map(({ got }) => got)).toEqual(['OddError', 'Error']);
    expect(await watch('envelope', [{ raw: '[', replies: [{}, REFUSED, { foreign: 1 }] }])).toHaveLength(3);
  });
  test('says nothing of those it knows', async () => {
    expect(await watch('error-class', [{ reply: REFUSED }, { reply: { return: {} } }])).toEqual([]);
  });
});

describe('invalid-refused', () => {
  const taken = { command: 'blockdev-add', reply: { return: {} } };

  test('reports that what the schema forbids was taken', async () => {
    expect(await watch('invalid-refused', [{ ...taken, arguments: { odd: 1 } }])).toMatchObject([
      {
        severity: 'must',
        path: '$.arguments.odd',
        message: "blockdev-add took what its schema forbids: 'odd' is not a member",
      },
    ]);
  });
  test('says nothing of valid ones, of refusals, and of commands that are unknown or hand on all', async () => {
    const spoken = [
      taken,
      { ...taken, arguments: { odd: 1 }, reply: REFUSED },
      { ...taken, command: 'no-such', arguments: { odd: 1 } },
      { ...taken, command: 'device_add', arguments: { odd: 1 } },
    ];
    expect(await watch('invalid-refused', spoken)).toEqual([]);
  });
});

describe('reply-schema', () => {
  test('notes members and values whose names are reserved for downstream', async () => {
    const reply = { return: { count: 1, '__com.acme_x': 2, kind: '__com.acme_fast' } };
    const { deviations, notes } = await runOf('reply-schema', [{ command: 'query-version', reply }]);
    expect(deviations).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/^member __com\.acme_x is/),
      expect.stringMatching(/^value __com\.acme_fast is/),
    ]);
  });
  test('reports a value of the wrong type, and a missing member', async () => {
    const wrong = { command: 'query-version', reply: { return: { count: '1' } } };
    expect(await watch('reply-schema', [wrong])).toMatchObject([
      {
        path: '$.return.count',
        message: "query-version returned what its schema forbids: 'count': expected int, got string",
      },
    ]);
    expect(await watch('reply-schema', [{ ...wrong, reply: { return: {} } }])).toHaveLength(1);
  });
  test('says nothing of valid ones, of errors, and of commands that no schema knows', async () => {
    const spoken = [
      { command: 'query-version', reply: { return: { count: 1 } } },
      { command: 'query-version', reply: REFUSED },
      { command: 'unknown', reply: { return: 1 } },
    ];
    expect(await watch('reply-schema', spoken)).toEqual([]);
  });
});

describe('listed-once', () => {
  const bitmaps = { 'dirty-bitmaps': [{ name: 'b' }, { name: 'c' }, { name: 'b' }] };

  test.each<[string, JsonObject[], JsonObject?]>([
    ['query-named-block-nodes', [{ 'node-name': 'a' }, { 'node-name': 'b' }, { 'node-name': 'a' }]],
    ['query-block', [{ device: 'a' }, { device: 'a' }]],
    [
      'query-block',
      [
        { device: '', qdev: 'a' },
        { device: '', qdev: 'a' },
      ],
    ],
    ['query-blockstats', [{ device: 'a' }, { device: 'a' }]],
    ['query-blockstats', [{ 'node-name': 'a' }, { 'node-name': 'a' }], { 'query-nodes': true }],
    ['query-block-jobs', [{ device: 'a' }, { device: 'a' }]],
    ['query-jobs', [{ id: 'a' }, { id: 'a' }]],
    ['query-block-exports', [{ id: 'a' }, { id: 'a' }]],
    ['query-named-block-nodes', [{ 'node-name': 'a', ...bitmaps }]],
    ['query-block', [{ device: 'a', ...bitmaps }]],
    ['query-block', [{ device: 'a', inserted: bitmaps }]],
  ])('reports what %s lists twice: %j', async (command, entries, args) => {
    const spoken = [{ command, ...(args && { arguments: args }), reply: { return: entries } }];
    expect(await messages('listed-once', spoken)).toHaveLength(1);
  });
  test('tells where', async () => {
    const entries = [{ 'node-name': 'a' }, { 'node-name': 'b', ...bitmaps }, { 'node-name': 'a' }];
    const spoken = [{ command: 'query-named-block-nodes', reply: { return: entries } }];
    expect((await watch('listed-once', spoken)).map(({ path }) => path)).toEqual([
      '$.return[2].node-name',
      '$.return[1].dirty-bitmaps[2].name',
    ]);
  });
  test('says nothing of what has no name, of one node of two devices, of other commands and refusals', async () => {
    const spoken: Spoken[] = [
      { command: 'query-block', reply: { return: [{ device: '' }, { device: '' }] } },
      {
        command: 'query-blockstats',
        reply: {
          return: [
            { device: 'a', 'node-name': 'n' },
            { device: 'b', 'node-name': 'n' },
          ],
        },
      },
      { command: 'query-named-block-nodes', reply: { return: [{ 'dirty-bitmaps': [{}, {}] }] } },
      { command: 'query-version', reply: { return: [{ id: 'a' }, { id: 'a' }] } },
      { command: 'query-jobs', reply: REFUSED },
      { command: 'query-jobs', reply: { return: 'none' } },
    ];
    expect(await watch('listed-once', spoken)).toEqual([]);
  });
});

describe('event-schema', () => {
  test('reports an undeclared event and wrong data', async () => {
    const events = [
      { event: 'NOSUCH', timestamp: STAMP },
      { event: 'STOP', timestamp: STAMP, data: { count: true } },
    ];
    const found = await watch('event-schema', [{ events }]);
    expect(found).toHaveLength(2);
    expect(found[1]).toMatchObject({ path: '$.data.count' });
  });
  test.each<[string, Json]>([
    ['empty', {}],
    ['null', null],
  ])('reports %s data of an event that has none', async (_, data) => {
    const events = [{ event: 'RESUME', timestamp: STAMP, data }];
    expect(await watch('event-schema', [{ events }])).toMatchObject([{ path: '$.data' }]);
  });
  test.each<[string, JsonObject, string]>([
    ['an event', { event: '__com.acme_BEAT' }, 'event __com.acme_BEAT is not in the schema;'],
    ['a member', { event: 'STOP', data: { count: 1, '__com.acme_x': 1 } }, 'member __com.acme_x is'],
  ])('notes %s whose name is reserved for downstream', async (_, event, note) => {
    const { deviations, notes } = await runOf('event-schema', [{ events: [{ ...event, timestamp: STAMP }] }]);
    expect(deviations).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(note)]);
  });
  test.each(['__ACME_BEAT', '_com.acme_BEAT', 'com.acme_BEAT', '__com.acme_', '__com.acme'])(
    'reports %s, which is not reserved',
    async (event) => {
      const { deviations, notes } = await runOf('event-schema', [{ events: [{ event, timestamp: STAMP }] }]);
      expect([deviations.length, notes.length]).toEqual([1, 0]);
    },
  );
  test('says nothing of a valid one', async () => {
    const events = [{ event: 'STOP', timestamp: STAMP, data: { count: 1 } }];
    expect(await watch('event-schema', [{ events }])).toEqual([]);
  });
});

describe('error-changes-nothing', () => {
  const refused = { command: 'blockdev-add', reply: REFUSED };
  test('reports a refused command that left a node', async () => {
    const found = await watch('error-changes-nothing', [refused], { states: [EMPTY, ONE_NODE] });
    expect(found).toMatchObject([{ severity: 'must', path: '$.nodes', expected: [], got: ['a'] }]);
  });
  test('says nothing if the state is the same, or the command succeeded', async () => {
    expect(await watch('error-changes-nothing', [refused])).toEqual([]);
    const accepted = { command: 'blockdev-add', reply: { return: {} } };
    expect(await watch('error-changes-nothing', [accepted], { states: [EMPTY, ONE_NODE] })).toEqual([]);
  });
  test.each([
    [[REFUSED], 'the message was refused, and yet changed the state'],
    [[REFUSED, REFUSED], 'all messages were refused, and yet changed the state'],
  ])('reports raw bytes that were answered with errors and left a node', async (replies, message) => {
    const found = await watch('error-changes-nothing', [{ raw: '[', replies }], {
      states: [EMPTY, ONE_NODE],
    });
    expect(found).toMatchObject([{ severity: 'must', message, path: '$.nodes', expected: [], got: ['a'] }]);
  });
  test.each<[string, Spoken]>([
    ['of which a message was taken', { replies: [REFUSED, { return: {} }] }],
    ['that nothing came for', { replies: [] }],
    ['with something else among the answers', { replies: [REFUSED], incomplete: true }],
    ['that may have been to make an image', { raw: '{"execute":"x-blockdev-create"}', replies: [REFUSED] }],
  ])('says nothing of raw bytes %s', async (_, spoken) => {
    const found = await watch('error-changes-nothing', [{ raw: '[', ...spoken }], {
      states: [EMPTY, ONE_NODE],
    });
    expect(found).toEqual([]);
  });
  test('says nothing of an image that was to be made', async () => {
    const creation = { ...refused, command: 'x-blockdev-create' };
    expect(await watch('error-changes-nothing', [creation], { states: [EMPTY, ONE_NODE] })).toEqual([]);
  });
  test('blames no later command for what an image that was to be made left', async () => {
    const creation = { ...refused, command: 'x-blockdev-create' };
    const states = [EMPTY, EMPTY, ONE_NODE];
    expect(await watch('error-changes-nothing', [refused, creation, refused], { states })).toEqual([]);
  });
  test('says nothing of an image that turned out to be corrupt', async () => {
    const events = [{ event: 'BLOCK_IMAGE_CORRUPTED', timestamp: STAMP, data: {} }];
    const states = [ONE_NODE, EMPTY];
    expect(await watch('error-changes-nothing', [{ ...refused, events }], { states })).toEqual([]);
  });
  test('says nothing where only the space that a file occupies changed', async () => {
    const grown = (size: number): Snapshot => ({
      ...EMPTY,
      nodes: [{ image: { 'actual-size': size } }],
    });
    expect(await watch('error-changes-nothing', [refused], { states: [grown(0), grown(4096)] })).toEqual([]);
  });
  test.each([
    ['of a format', 'qcow2', []],
    ['that a guest sees', 'raw', [{ path: '$.nodes[0].image.virtual-size' }]],
  ])('a file %s that became longer, also seen after the next query', async (_, format, found) => {
    const grown = (size: number): Snapshot => ({
      ...EMPTY,
      nodes: [
        { drv: 'file', file: 'f', image: { 'virtual-size': size } },
        { drv: format, file: 'json:{"file": "f"}', image: { 'virtual-size': 512 } },
      ],
    });
    const states = [grown(512), grown(4096)];
    expect(await watch('error-changes-nothing', [refused], { states })).toMatchObject(found);
    const query = { command: 'query-version', reply: { return: {} } };
    expect(await watch('query-changes-nothing', [query], { states })).toMatchObject(found);
  });
});

describe('query-changes-nothing', () => {
  const query = { command: 'query-version', reply: { return: {} } };
  test('reports a query after which the state is another', async () => {
    const found = await messages('query-changes-nothing', [query], { states: [EMPTY, ONE_NODE] });
    expect(found).toEqual(['a query changed the state: query-version']);
  });
  test('compares before the next command that may change something', async () => {
    const change = { command: 'blockdev-add', reply: { return: {} } };
    expect(
      await watch('query-changes-nothing', [query, change], { states: [EMPTY, EMPTY, ONE_NODE] }),
    ).toEqual([]);
  });
});

describe('liveness', () => {
  test('reports an endpoint that does not answer', async () => {
    const query = async (): Promise<Json> => Promise.reject(new Error('nothing came'));
    expect(await messages('liveness', [], { query })).toEqual([
      'query-version is not answered any more: nothing came',
    ]);
  });
  test('says nothing of one that does', async () => {
    expect(await watch('liveness', [])).toEqual([]);
  });
});

describe('crash', () => {
  const spoken = [{ command: 'query-version', reply: { return: {} } }];
  test.each([
    '==1==ERROR: AddressSanitizer: heap-use-after-free',
    'block.c:1:2: runtime error: signed integer overflow',
    'qemu: block.c:7: f: Assertion `x` failed.',
  ])('reports %s', async (line) => {
    expect(await messages('crash', spoken, { lastWords: [line] })).toEqual([`stderr: ${line}`]);
  });
  test('says nothing of warnings', async () => {
    expect(await watch('crash', spoken, { lastWords: ['qemu: warning: something'] })).toEqual([]);
  });
});

describe('leftovers', () => {
  test.each<[string, Partial<HeldResources>]>([
    ['node', { nodes: ['a'] }],
    ['job', { jobs: ['j'] }],
    ['dirty bitmap', { bitmaps: ['a/b'] }],
    ['open file', { openFiles: ['disk.img'] }],
    ['memory', { residentBytes: 2 ** 30 }],
  ])('reports a %s', async (word, left) => {
    const found = await messages('leftovers', [], { after: { ...NOTHING, ...left } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(word);
  });
  test('tells of an open file that was removed as that, and of one that was opened since as left over', async () => {
    const before = { ...NOTHING, openFiles: ['disk.img'] };
    const after = { ...NOTHING, openFiles: ['disk.img (deleted)', 'other.img (deleted)'] };
    expect(await messages('leftovers', [], { before, after })).toEqual([
      'the endpoint removed a file that it has open: disk.img',
      'left over after clean-up: open file other.img (deleted)',
    ]);
  });
  test('tells of a standard stream that was closed, also when a file has got its place', async () => {
    const before = { ...NOTHING, standardStreams: ['/dev/null', 'pipe:[1]', null] };
    const after = { ...NOTHING, standardStreams: ['disk.img', null, null] };
    expect(await messages('leftovers', [], { before, after })).toEqual([
      'the endpoint closed its standard input',
      'the endpoint closed its standard output',
    ]);
    expect(await watch('leftovers', [], { before, after: before })).toEqual([]);
  });

  test('says nothing of what raw bytes may have made', async () => {
    const spoken = [{ raw: '{', reply: { return: {} } }];
    expect(await watch('leftovers', spoken, { after: { ...NOTHING, nodes: ['a'] } })).toEqual([]);
  });
  test('says nothing of what was there before, or if nothing was taken back', async () => {
    const held = { ...NOTHING, nodes: ['a'] };
    expect(await watch('leftovers', [], { before: held, after: held })).toEqual([]);
    expect(await watch('leftovers', [])).toEqual([]);
  });
});

describe('leak/files', () => {
  const added = (filename: string): Partial<Exchange> => ({
    command: 'blockdev-add',
    request: { execute: 'blockdev-add' },
    arguments: { filename },
  });
  const left = (exchange: Partial<Exchange>, file = 'f1'): string[] => {
    const check = leftoverFiles();
    const found: string[] = [];
    const context = {
      held: { before: NOTHING, after: { ...NOTHING, files: [file] } },
      report: ({ message }: { message: string }) => found.push(message),
    } as unknown as CheckContext;
    void check.before?.({ index: 0, monitor: 0, replies: [], events: [], ...exchange }, context);
    void check.end?.(context);
    return found;
  };
  test('reports a file that no message named', () => {
    expect(left(added('/s/f2'))).toEqual(['a file is left that nobody asked for: f1']);
  });
  test('says nothing of one that was named, or may have been', () => {
    expect(left(added('/s/f1'))).toEqual([]);
    expect(left({ raw: '{' })).toEqual([]);
  });
  test.each([
    ['characters that JSON escapes', 'a\\\r"', 'a\\\r"'],
    ['half a character', 'a\ud800', 'a\ufffd'],
    ['a name within a name', `json:${JSON.stringify({ driver: 'file', filename: 'a\\"' })}`, 'a\\"'],
  ])('knows a file by a name with %s', (_, filename, file) => {
    expect(left(added(filename), file)).toEqual([]);
  });
});
