/**
 * The schema to test an endpoint by:
 *
 *   1. its own introspection, unless the user gave another schema;
 *   2. else that one, or the spec, restricted to the commands and events that the endpoint lists, or that a probe shows;
 *   3. and to the drivers that it does not refuse as unknown.
 */
import { createHash } from 'node:crypto';
import type { SchemaOrigin } from '../../reports/record.ts';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { IntrospectionError, readIntrospection } from '../../spec/introspection.ts';
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';
import type { Command, Event, ObjectType, Schema } from '../../spec/model.ts';
import { driversOf, restrictSchema } from '../../spec/restrict-schema.ts';
import { TimeoutError } from '../qmp/errors.ts';
import type { Query } from '../state/snapshot.ts';
import { type GivenSchema, StartError } from '../targets/target.ts';
import { impatient, isAnswer } from './asking.ts';
import { listed, probeCommands } from './offered-commands.ts';
import { probeDrivers } from './offered-drivers.ts';
import { Undecided } from './undecided.ts';

/** What an endpoint offers, and how that is known. */
export interface LearntSchema {
  readonly endpointSchema: Schema;
  /** What the replies to cases will decide. */
  readonly undecided?: Undecided;
  /** Of its own introspection. */
  readonly schemaDigest?: string;
  /** Absent: its own introspection. */
  readonly schemaOrigin?: SchemaOrigin;
}

/** Drivers that an endpoint may describe, and have in a module that is not installed. */
const LOADED_DRIVERS = ['ftp', 'ftps', 'gluster', 'http', 'https', 'iscsi', 'nfs', 'rbd', 'ssh', 'vxhs'];

/** Leaves the endpoint as it was. Rejects with `ClosedError` if it goes away meanwhile, with `StartError` if it answers nothing. */
export async function learnSchema(asked: Query, given?: GivenSchema): Promise<LearntSchema> {
  let isSilent = true;
  const heard = <T>(answer: T): T => {
    isSilent = false;
    return answer;
  };
  const execute = impatient((command, args) =>
    asked(command, args).then(heard, (error: unknown) => {
      throw error instanceof TimeoutError ? error : heard(error);
    }),
  );
  const own = given === undefined || given.onlyWithoutOwn ? await ownSchema(execute) : null;
  if (own !== null && typeof own !== 'string')
    return {
      endpointSchema: own.schema,
      undecided: new Undecided({ drivers: LOADED_DRIVERS }),
      schemaDigest: own.digest,
    };
  const base = given?.schema ?? loadBlockSchema();
  const names = await listed(execute, 'query-commands');
  const events = (await listed(execute, 'query-events')) ?? [...base.events.keys()];
  const { commands, undecided } =
    names === null
      ? await probeCommands(execute, base.commands.keys())
      : { commands: given === undefined ? names : known(names, base), undecided: new Undecided() };
  if (isSilent) throw new StartError('it negotiates, and then answers none of the queries that it is asked');
  const schema = describe(base, commands, events);
  const blockdevAdd = schema.commands.get('blockdev-add')?.arguments;
  const mayProbe = blockdevAdd !== undefined && schema.commands.has('blockdev-del');
  const drivers = mayProbe ? await probeDrivers(execute, driversOf(base), blockdevAdd) : driversOf(base);
  const open = undecided.commands;
  return {
    endpointSchema: describe(base, commands, events, drivers),
    undecided: undecided.withDrivers(drivers),
    schemaOrigin: {
      base: given?.name ?? 'spec',
      restrictedBy: names === null ? 'probing' : 'query-commands',
      ...(own !== null && { reason: own }),
      ...(open.length > 0 && { undecided: open }),
    },
  };
}

/** The endpoint's own introspection, or why it is of no use. */
async function ownSchema(execute: Query): Promise<{ schema: Schema; digest: string } | string> {
  try {
    const answer = await execute('query-qmp-schema');
    const schema = readIntrospection(answer);
    if (schema.commands.size === 0) return 'query-qmp-schema: it describes no command';
    return { schema, digest: schemaDigest(answer) };
  } catch (error) {
    if (error instanceof IntrospectionError) return `query-qmp-schema: ${error.message}`;
    if (isAnswer(error)) return error.message;
    throw error;
  }
}

/** A schema that the user gave says what is to be tested; of the spec, later commands are known by their names. */
function known(names: readonly string[], { commands }: Schema): string[] {
  return names.filter((name) => commands.has(name));
}

/** The base with just these commands and events. Of those that it lacks only the names are known. */
function describe(
  base: Schema,
  commands: readonly string[],
  events: readonly string[],
  drivers: readonly string[] = driversOf(base),
): Schema {
  const described = restrictSchema(base, {
    commands: commands.filter((name) => base.commands.has(name)),
    events: events.filter((name) => base.events.has(name)),
    drivers,
  });
  return {
    commands: new Map(commands.map((name) => [name, described.commands.get(name) ?? commandCalled(name)])),
    events: new Map(events.map((name) => [name, described.events.get(name) ?? eventCalled(name)])),
    types: described.types,
  };
}

const NO_MEMBERS: ObjectType = { kind: 'object', name: 'unknown', members: [], variants: [], features: [] };

function commandCalled(name: string): Command {
  return {
    name,
    arguments: NO_MEMBERS,
    returns: { kind: 'builtin', name: 'any', jsonType: 'value' },
    allowOob: false,
    successResponse: true,
    unchecked: true,
    features: [],
  };
}

function eventCalled(name: string): Event {
  return { name, data: NO_MEMBERS, unchecked: true, features: [] };
}

/** SHA-256, hex, of the introspection with entries and members in alphabetic order. */
export function schemaDigest(introspection: Json): string {
  const entries = (Array.isArray(introspection) ? introspection : [introspection]).map((entry) =>
    stringifyJson(sorted(entry)),
  );
  return createHash('sha256').update(entries.toSorted().join('\n')).digest('hex');
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key]!)]),
  );
}
