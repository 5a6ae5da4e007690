/**
 * The form of the config file. `docs/config.schema.json` publishes it, and `docs/manual/config.md` explains it.
 */
import * as v from 'valibot';
import { IMPLEMENTATIONS } from '../../reports/record.ts';
import { mapping, mappingOf } from '../input-file.ts';
import { QUIRKS, type QuirkName } from '../qmp/quirks.ts';

/** An optional member, with what the published schema says of it. */
function member<const S extends v.GenericSchema>(schema: S, text: string) {
  return v.exactOptional(v.pipe(schema, v.description(text)));
}

/** A quirk, described by what the endpoint does. */
function quirk<const S extends v.GenericSchema>(name: QuirkName, schema: S) {
  return member(schema, `The endpoint ${QUIRKS[name].does}.`);
}

const names = v.array(v.string());

const quirksForm = mapping({
  banner: quirk('banner', v.boolean()),
  eventsBeforeGreeting: quirk('eventsBeforeGreeting', v.boolean()),
  eventsBeforeNegotiation: quirk('eventsBeforeNegotiation', v.boolean()),
  noGreeting: quirk('noGreeting', v.boolean()),
  greetingKey: quirk('greetingKey', v.string()),
  versionKey: quirk('versionKey', v.string()),
  greetingMembers: quirk('greetingMembers', names),
  noNegotiation: quirk('noNegotiation', v.boolean()),
  lostId: quirk(
    'lostId',
    v.picklist(['on-errors', 'sometimes', 'always'], 'it takes on-errors, sometimes or always'),
  ),
  changedId: quirk('changedId', v.picklist(['text', 'wrong'], 'it takes text or wrong')),
  addedId: quirk('addedId', v.boolean()),
  stringIds: quirk('stringIds', v.boolean()),
  unaskedReplies: quirk('unaskedReplies', v.boolean()),
  strayLines: quirk('strayLines', v.boolean()),
  oneMessagePerRead: quirk('oneMessagePerRead', v.boolean()),
  noPipelining: quirk('noPipelining', v.boolean()),
  commandInterval: quirk(
    'commandInterval',
    v.pipe(v.number(), v.gtValue(0, 'it takes a number of milliseconds above 0')),
  ),
  replyMembers: quirk('replyMembers', names),
});

const tlsForm = mapping({
  ca: member(
    v.string(),
    'Path of the certificates (PEM) of those who may sign the certificate of the endpoint.',
  ),
  cert: member(v.string(), 'Path of the own certificate (PEM).'),
  key: member(v.string(), 'Path of its key (PEM).'),
  insecure: member(v.boolean(), 'True: the certificate of the endpoint is not checked.'),
});

const targetForm = mapping({
  target: v.pipe(v.string(), v.description('What --target takes: a kind of target, or an address.')),
  options: member(v.array(v.string()), 'Words that a started program gets besides its own.'),
  environment: member(mappingOf(v.string()), 'Variables of a started program, besides those of qmpcheck.'),
  directory: member(
    v.string(),
    'The scratch folder that the endpoint shares with qmpcheck, as --directory takes it: HERE, HERE=THERE, or none.',
  ),
  tls: member(tlsForm, 'Files of a tls: or wss: address.'),
  commandsPerSecond: member(
    v.pipe(v.number(), v.gtValue(0, 'it takes a number above 0')),
    'The pace at which commands are sent, at most.',
  ),
  quirks: member(
    quirksForm,
    'How the endpoint breaks the protocol, so that it is not probed for that; empty for one that does not.',
  ),
  topologies: member(
    names,
    'Names of the topologies that an endpoint which runs already has been set up with: two-monitors, say.',
  ),
  restart: member(v.string(), 'A command for the shell that brings an endpoint back that has ended.'),
  expectations: member(v.string(), 'Path of a file of known deviations.'),
  implementation: member(
    v.picklist(IMPLEMENTATIONS, 'it takes qemu or reference'),
    'Whose code the endpoint runs: what is known of QEMU excuses only QEMU.',
  ),
  schema: member(
    v.string(),
    'What the endpoint offers, as --schema takes it, in place of its answer to query-qmp-schema.',
  ),
});

/** One target of the file, as it is written. */
export type TargetForm = v.InferOutput<typeof targetForm>;

/** The whole file. */
export const configForm = mapping({
  $schema: member(v.string(), 'Address of this schema, for editors.'),
  targets: v.exactOptional(
    v.pipe(mappingOf(targetForm), v.description('Targets by the name that --target takes.')),
    {},
  ),
});
