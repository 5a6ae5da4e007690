/** What is learnt of endpoints that do not describe themselves, and what is sent for it. */
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { introspect } from '../../spec/compiler/introspect.ts';
import { NOBODY } from '../../spec/effects/effects.ts';
import { harmlessArguments } from '../../spec/effects/effects-of.ts';
import { type Json, type JsonObject, jsonEqual } from '../../spec/json.ts';
import { driversOf } from '../../spec/restrict-schema.ts';
import { validateEvent, validateReturn } from '../../spec/validate.ts';
import { ClosedError, QmpError, TimeoutError } from '../qmp/errors.ts';
import { learnSchema } from './endpoint-schema.ts';
import type { Undecided } from './undecided.ts';

const spec = loadBlockSchema();

/** What a command brings: a value is returned, an error thrown. */
type Answers = (command: string, args: JsonObject) => Json | Error;

interface Sent {
  readonly command: string;
  readonly args: JsonObject;
}

function endpoint(answers: Answers) {
  const sent: Sent[] = [];
  const execute = async (command: string, args: JsonObject = {}): Promise<Json> => {
    sent.push({ command, args });
    const answer = answers(command, args);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { sent, execute };
}

function refusal(desc: string, errorClass = 'GenericError'): QmpError {
  return new QmpError('', errorClass, desc, { error: { class: errorClass, desc } });
}

const notFound = (command: string) => refusal(`The command ${command} has not been found`, 'CommandNotFound');
const list = (...names: string[]): Json => names.map((name) => ({ name }));

/** A vendor's: it lists what it has, and has two drivers. */
const lister: Answers = (command, { driver, 'node-name': node }) => {
  if (command === 'query-commands')
    return list('qmp_capabilities', 'query-commands', 'blockdev-add', 'blockdev-del', 'acme-selftest');
  if (command === 'query-events') return list('SHUTDOWN', 'ACME_HEARTBEAT');
  if (command === 'blockdev-del') return refusal(`Cannot find node ${String(node)}`);
  if (command !== 'blockdev-add') return notFound(command);
  return ['file', 'raw'].includes(String(driver))
    ? refusal("Parameter 'filename' is missing")
    : refusal(`Unsupported driver '${String(driver)}'`);
};

describe('query-qmp-schema that is of no use', () => {
  test.each<[string, Json | Error, string]>([
    ['unknown', notFound('query-qmp-schema'), 'CommandNotFound'],
    ['refused in another class', refusal('not here', 'AcmeError'), 'AcmeError'],
    ['an empty list', [], 'describes no command'],
    ['an object', {}, 'not an array'],
    ['broken', [{ name: 'x', 'meta-type': 'command', 'arg-type': 'gone' }], "names type 'gone'"],
    ['never answered', new TimeoutError('query-qmp-schema', 5), 'nothing came within 5 ms'],
  ])('%s: the spec as far as query-commands lists it, and why', async (_, answer, reason) => {
    const { execute } = endpoint((command, args) =>
      command === 'query-qmp-schema' ? answer : lister(command, args),
    );
    const { endpointSchema, schemaOrigin, schemaDigest } = await learnSchema(execute);
    expect(schemaOrigin).toEqual({
      base: 'spec',
      restrictedBy: 'query-commands',
      reason: expect.stringContaining(reason),
    });
    expect(schemaDigest).toBeUndefined();
    expect([...endpointSchema.commands.keys()]).toEqual([
      'qmp_capabilities',
      'query-commands',
      'blockdev-add',
      'blockdev-del',
      'acme-selftest',
    ]);
    expect(driversOf(endpointSchema)).toEqual(['file', 'raw']);
  });
});

test("an endpoint's own introspection is taken, and nothing else is asked", async () => {
  const own = introspect(spec) as unknown as Json;
  const { execute, sent } = endpoint((command) => (command === 'query-qmp-schema' ? own : notFound(command)));
  const { endpointSchema, schemaOrigin, schemaDigest } = await learnSchema(execute);
  expect(endpointSchema.commands.size).toBe(spec.commands.size);
  expect(schemaOrigin).toBeUndefined();
  expect(schemaDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(sent.map(({ command }) => command)).toEqual(['query-qmp-schema']);
});

test('of commands and events that only the endpoint knows nothing is required', async () => {
  const { endpointSchema } = await learnSchema(endpoint(lister).execute);
  expect(validateReturn(endpointSchema, 'acme-selftest', [1])).toEqual([]);
  expect(validateEvent(endpointSchema, 'ACME_HEARTBEAT', { beat: 1 })).toEqual([]);
  expect(validateEvent(endpointSchema, 'SHUTDOWN', { beat: 1 })).not.toEqual([]);
  expect(endpointSchema.events.has('BLOCK_JOB_READY')).toBe(false);
});

test('a schema that the user gave is asked for nothing, and restricted all the same', async () => {
  const own = introspect(spec) as unknown as Json;
  const { execute, sent } = endpoint((command, args) =>
    command === 'query-qmp-schema' ? own : lister(command, args),
  );
  const { endpointSchema, schemaOrigin } = await learnSchema(execute, { name: 'spec', schema: spec });
  expect(schemaOrigin).toEqual({ base: 'spec', restrictedBy: 'query-commands' });
  expect(endpointSchema.commands.has('block_resize')).toBe(false);
  expect(endpointSchema.commands.has('acme-selftest')).toBe(false);
  expect(sent.map(({ command }) => command)).not.toContain('query-qmp-schema');
});

test('one that is given for those without their own leaves their own', async () => {
  const own = introspect(spec) as unknown as Json;
  const { execute } = endpoint((command) => (command === 'query-qmp-schema' ? own : notFound(command)));
  const given = { name: 'f.json', schema: spec, onlyWithoutOwn: true } as const;
  expect((await learnSchema(execute, given)).schemaOrigin).toBeUndefined();
});

/** Neither describes nor lists itself. */
const silent =
  (has: readonly string[], unknown = notFound): Answers =>
  (command) => {
    if (!has.includes(command)) return unknown(command);
    return command.startsWith('query-') ? [] : refusal('no');
  };

/** Whether this reply shows that the endpoint lacks the command. */
const refutes = (undecided: Undecided | undefined, command: string, reply: JsonObject) =>
  undecided!.lacking(command, {}, reply) !== null;

describe('without query-commands', () => {
  const has = ['query-block', 'block_resize', 'blockdev-del', 'stop', 'eject'];

  test('it is tried what is there; what may not be tried is undecided', async () => {
    const { execute } = endpoint(silent(has));
    const { endpointSchema, schemaOrigin } = await learnSchema(execute);
    const { commands } = endpointSchema;
    for (const name of ['query-block', 'block_resize', 'blockdev-del', 'qmp_capabilities'])
      expect([name, commands.has(name)]).toEqual([name, true]);
    for (const name of ['query-block-jobs', 'block-commit', 'blockdev-add', 'transaction', 'object-add'])
      expect([name, commands.has(name)]).toEqual([name, false]);
    expect(schemaOrigin).toMatchObject({ base: 'spec', restrictedBy: 'probing' });
    const undecided = [...spec.commands.keys()].filter(
      (name) => harmlessArguments(name) === null && name !== 'qmp_capabilities',
    );
    expect(schemaOrigin?.undecided).toEqual(undecided);
    expect(undecided).toEqual(expect.arrayContaining(['quit', 'stop', 'eject', 'nbd-server-start']));
    for (const name of undecided) expect(commands.has(name)).toBe(true);
  });

  test.each<[string, Answers]>([
    ['has nothing', silent([])],
    ['has everything', silent([...spec.commands.keys()])],
    ['returns something for everything', () => ({})],
    ['refuses everything in one way', () => refusal('no')],
  ])('one that %s is sent nothing that may do something', async (_, answers) => {
    const { execute, sent } = endpoint(answers);
    await learnSchema(execute);
    const isDriverProbe = ({ command, args }: Sent) =>
      command === 'blockdev-add' && args['node-name'] === NOBODY;
    const odd = sent
      .filter((one) => one.command !== NOBODY && !isDriverProbe(one))
      .filter(({ command, args }) => {
        const harmless = harmlessArguments(command);
        return harmless === null || !jsonEqual(args, harmless);
      });
    expect(odd).toEqual([]);
  });

  test('the class of an unknown command may be any, if the text is that of one that nobody has', async () => {
    const unknown = (command: string) => refusal(`no such method: ${command}`);
    const { endpointSchema, undecided } = await learnSchema(endpoint(silent(has, unknown)).execute);
    expect(endpointSchema.commands.has('block_resize')).toBe(true);
    expect(endpointSchema.commands.has('block-commit')).toBe(false);
    const error = { class: 'GenericError', desc: 'no such method: eject' };
    expect(refutes(undecided, 'eject', { error })).toBe(true);
  });

  test('where every fault has the same text, only queries show that they are missing', async () => {
    const { endpointSchema, undecided } = await learnSchema(
      endpoint(silent(has, () => refusal('no'))).execute,
    );
    expect(endpointSchema.commands.has('query-block')).toBe(true);
    expect(endpointSchema.commands.has('query-block-jobs')).toBe(false);
    expect(undecided!.commands).toContain('block-commit');
    expect(refutes(undecided, 'block-commit', { error: { class: 'GenericError', desc: 'no' } })).toBe(false);
  });

  test('the first answer decides what was undecided', async () => {
    const { undecided } = await learnSchema(endpoint(silent(has)).execute);
    const unknown = { error: { class: 'CommandNotFound', desc: 'x' } };
    expect(undecided!.isAbsent({ what: 'command', name: 'drive-mirror' })).toBe(false);
    expect(refutes(undecided, 'drive-mirror', unknown)).toBe(true);
    expect(undecided!.isAbsent({ what: 'command', name: 'drive-mirror' })).toBe(true);
    expect(refutes(undecided, 'drive-backup', { return: {} })).toBe(false);
    // It was there once: then a later CommandNotFound is the endpoint's fault.
    expect(refutes(undecided, 'drive-backup', unknown)).toBe(false);
    // The probe has seen this one.
    expect(refutes(undecided, 'block_resize', unknown)).toBe(false);
  });

  test('one that answers nothing at all cannot be tested', async () => {
    const { execute } = endpoint((command) => new TimeoutError(command, 3000));
    await expect(learnSchema(execute)).rejects.toThrow('answers none of the queries');
  });

  test('one that does not answer what it does not know lacks the queries that it does not answer', async () => {
    const { execute } = endpoint((command, args) =>
      has.includes(command) ? silent(has)(command, args) : new TimeoutError(command, 3000),
    );
    const { endpointSchema, undecided } = await learnSchema(execute);
    expect(endpointSchema.commands.has('query-block')).toBe(true);
    expect(endpointSchema.commands.has('query-block-jobs')).toBe(false);
    expect(undecided!.commands).toContain('block-commit');
    expect(undecided!.commands).not.toContain('block_resize');
    // Nor one that refuses what nobody has, and does not answer some.
    const some = endpoint((command, args) =>
      command === 'query-block-jobs' ? new TimeoutError(command, 3000) : silent(has)(command, args),
    );
    expect((await learnSchema(some.execute)).endpointSchema.commands.has('query-block-jobs')).toBe(false);
  });

  test('where it goes away over one, that and the rest are undecided', async () => {
    let isGone = false;
    const { execute } = endpoint((command) => {
      isGone ||= command === 'block-stream';
      return isGone ? new ClosedError('fake') : notFound(command);
    });
    const { endpointSchema, undecided } = await learnSchema(execute);
    const names = [...spec.commands.keys()].filter((name) => name !== 'qmp_capabilities');
    const rest = names.slice(names.indexOf('block-stream'));
    expect(rest.length).toBeGreaterThan(10);
    expect(undecided!.commands).toEqual(expect.arrayContaining(rest));
    expect(undecided!.commands).not.toContain('block-commit');
    expect(endpointSchema.commands.has('block-commit')).toBe(false);
    expect(driversOf(endpointSchema)).toEqual(driversOf(spec));
  });

  test('one that goes away over a query that all have is told', async () => {
    await expect(learnSchema(endpoint(() => new ClosedError('fake')).execute)).rejects.toBeInstanceOf(
      ClosedError,
    );
  });
});

describe('drivers', () => {
  const adding =
    (add: (args: JsonObject) => Json | Error): Answers =>
    (command, args) => {
      if (command === 'query-commands') return list('blockdev-add', 'blockdev-del');
      return command === 'blockdev-add' ? add(args) : notFound(command);
    };
  const driversFor = async (add: (args: JsonObject) => Json | Error) =>
    driversOf((await learnSchema(endpoint(adding(add)).execute)).endpointSchema);
  const all = driversOf(spec);

  test.each<[string, (args: JsonObject) => Json | Error, readonly string[]]>([
    [
      'in the words of QEMU',
      ({ driver }) =>
        refusal(driver === 'raw' ? "Parameter 'file' is missing" : `Invalid parameter '${String(driver)}'`),
      ['raw'],
    ],
    [
      'without the name, about drivers',
      ({ driver }) => refusal(driver === 'raw' ? 'no file' : 'this driver is not supported'),
      ['raw'],
    ],
    [
      'as one that was left out when it was built',
      ({ driver }) =>
        driver === 'raw'
          ? refusal('The driver raw needs a file')
          : refusal(
              driver === NOBODY ? `no driver ${NOBODY}` : `Driver '${String(driver)}' is not available`,
            ),
      ['raw'],
    ],
    ['in a text about nothing: all are left', () => refusal('bad request'), all],
    ['not even those that nobody has: all are left', () => ({}), all],
    [
      'after their options: what needs no option is left',
      ({ driver, ...options }) =>
        'qmpcheck-no-option' in options
          ? refusal("Parameter 'qmpcheck-no-option' is unexpected")
          : refusal(driver === 'raw' ? 'no file' : `no driver ${String(driver)}`),
      ['null-aio', 'null-co', 'raw'],
    ],
  ])('refused %s', async (_, add, expected) => {
    expect((await driversFor(add)).toSorted()).toEqual(expected.toSorted());
  });

  test('a node that is made by mistake is removed', async () => {
    const { execute, sent } = endpoint(
      adding(({ driver }) => (driver === 'null-co' ? {} : refusal(`no driver ${String(driver)}`))),
    );
    expect(driversOf((await learnSchema(execute)).endpointSchema)).toEqual(['null-co']);
    const at = sent.findIndex(({ args }) => args.driver === 'null-co');
    expect(sent[at + 1]).toEqual({ command: 'blockdev-del', args: { 'node-name': NOBODY } });
  });

  test('where it goes away over one, that and the rest are taken to be there', async () => {
    const drivers = await driversFor(({ driver }) =>
      driver === all[2] ? new ClosedError('fake') : refusal(`no driver ${String(driver)}`),
    );
    expect(drivers).toEqual(all.slice(2));
  });

  test('where no node could be removed none is tried', async () => {
    const { execute, sent } = endpoint((command) =>
      command === 'query-commands' ? list('blockdev-add') : notFound(command),
    );
    expect(driversOf((await learnSchema(execute)).endpointSchema)).toEqual(all);
    expect(sent.map(({ command }) => command)).not.toContain('blockdev-add');
  });

  test('one that is refused only when all else is right is known when a case has tried it', async () => {
    const add = ({ driver }: JsonObject) =>
      refusal(driver === NOBODY ? `Invalid parameter '${NOBODY}'` : "Parameter 'file' is missing");
    const { undecided, endpointSchema } = await learnSchema(endpoint(adding(add)).execute);
    expect(driversOf(endpointSchema)).toEqual(all);
    const nested = { driver: 'raw', file: { driver: 'ssh', path: '/x' } };
    const error = (desc: string) => ({ error: { class: 'GenericError', desc } });
    const ssh = { what: 'driver', name: 'ssh' } as const;
    expect(undecided!.lacking('blockdev-add', nested, error('ssh: connection refused'))).toBeNull();
    expect(undecided!.isAbsent(ssh)).toBe(false);
    expect(undecided!.lacking('blockdev-add', nested, error("Unknown driver 'ssh'"))).toEqual(ssh);
    expect(undecided!.isAbsent(ssh)).toBe(true);
    const none = { driver: 'no-such-driver' };
    expect(undecided!.lacking('blockdev-add', none, error("Unknown driver 'no-such-driver'"))).toBeNull();
  });

  test('of what an endpoint describes, only a driver in a module of its own may be missing', async () => {
    const { undecided } = await learnSchema(endpoint(() => introspect(spec)).execute);
    const unknown = (driver: string): boolean => {
      const error = { class: 'GenericError', desc: `Unknown driver '${driver}'` };
      return undecided!.lacking('blockdev-add', { driver }, { error }) !== null;
    };
    expect(unknown('rbd')).toBe(true);
    expect(unknown('raw')).toBe(false);
    expect(undecided!.isAbsent({ what: 'driver', name: 'rbd' })).toBe(true);
  });
});
