/** Transcripts that are cited against the prose of the spec show what they are cited for. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../json.ts';
import { packageRoot } from '../package-root.ts';
import { type Requirement, requirements } from './index.ts';

/** Where transcripts are: those that the reference is held to too, and those that are only cited. */
const FOLDERS = [
  'reference-impl/testdata/observed/scenarios',
  'reference-impl/testdata/observed',
  'spec/requirements/testdata',
];

type Step = JsonObject & { readonly reply?: Json; readonly send?: Json; readonly events?: Json };

function stepsOf(name: string): Step[] {
  const files = FOLDERS.map((folder) => fileURLToPath(new URL(`${folder}/${name}.json`, packageRoot())));
  const file = files.find((one) => existsSync(one));
  expect(file, `${name}: no such transcript in ${FOLDERS.join(', ')}`).toBeDefined();
  return (parseJson(readFileSync(file!, 'utf8')) as unknown as { readonly steps: Step[] }).steps;
}

/** Arguments of the command in the step, by itself or as an action of a transaction. */
function argumentsOf({ send }: Step, command: string): JsonObject[] {
  if (!isJsonObject(send)) return [];
  const args = isJsonObject(send.arguments) ? send.arguments : {};
  if (send.execute === command) return [args];
  if (send.execute !== 'transaction' || !Array.isArray(args.actions)) return [];
  const actions = args.actions.filter(isJsonObject).filter(({ type }) => type === command);
  return actions.map(({ data }) => (isJsonObject(data) ? data : {}));
}

const errorClass = ({ reply }: Step): Json | undefined =>
  isJsonObject(reply) && isJsonObject(reply.error) ? reply.error.class : undefined;
const errorText = ({ reply }: Step): string =>
  isJsonObject(reply) && isJsonObject(reply.error) ? String(reply.error.desc) : '';
const succeeded = ({ reply }: Step): boolean => isJsonObject(reply) && 'return' in reply;

type Shows = (step: Step, args: readonly JsonObject[]) => boolean;

/** A name that exists nowhere is refused with another class than DeviceNotFound. */
const otherClass: Shows = (step, args) =>
  args.length > 0 && errorClass(step) === 'GenericError' && /not found|Cannot find/i.test(errorText(step));

/** An image encrypted the old way is refused although its secret is named. */
const noAes: Shows = ({ send, ...step }) =>
  JSON.stringify(send ?? null).includes('"encrypt":{"format":"aes","key-secret"') &&
  /no longer supported/.test(errorText(step));

/** A policy that stops was taken for a source of no device with an io-status. */
const stopTaken: Shows = (step, args) =>
  args.some((one) => one['on-source-error'] === 'stop') && succeeded(step);

/** What a step must show, of statements that are not about the class of what is not found. */
const SHOWS: Readonly<Record<string, Shows>> = {
  'BLOCK_JOB_COMPLETED/progress-of-top': (step) =>
    Array.isArray(step.events) &&
    step.events.some((event) => {
      const { event: name, data } = event as JsonObject;
      return name === 'BLOCK_JOB_COMPLETED' && isJsonObject(data) && data.offset !== data.len;
    }),
  'BLOCK_JOB_READY/reset-by-error': ({ reply }) => {
    const jobs = isJsonObject(reply) && Array.isArray(reply.return) ? reply.return.filter(isJsonObject) : [];
    return jobs.some((job) => job['io-status'] === 'failed' && job.ready === true);
  },
  'BlockdevOnError/auto-inherits': ({ events }) =>
    Array.isArray(events) &&
    events.filter(isJsonObject).some(({ data }) => isJsonObject(data) && data.action === 'report'),
  'BLOCK_WRITE_THRESHOLD/reached': ({ send, events }) =>
    isJsonObject(send) &&
    isJsonObject(send.arguments) &&
    String(send.arguments['command-line']).endsWith('"write 0 64k"') &&
    events === undefined,
  'block-commit/speed-class': (step, args) =>
    args.some(({ speed }) => Number(speed) < 0) && errorClass(step) === 'GenericError',
  'block-commit/twice-class': (step, args) => args.length > 0 && errorClass(step) === 'GenericError',
  'block-job-resume/running': (step, args) => args.length > 0 && errorClass(step) !== undefined,
  'block-stream/on-error-needs-io-status': (step, args) =>
    args.some((one) => one['on-error'] === 'stop') && succeeded(step),
  'block_resize/both-names': (step, args) =>
    args.some((one) => 'device' in one && 'node-name' in one) && succeeded(step),
  'blockdev-snapshot-sync/both-names': (step, args) =>
    args.some((one) => 'device' in one && 'node-name' in one) && succeeded(step),
  'blockdev-add/id': (step, args) => args.some((one) => 'id' in one) && errorClass(step) === 'GenericError',
  'blockdev-backup/on-source-error-needs-io-status': stopTaken,
  'blockdev-mirror/on-source-error-needs-io-status': stopTaken,
  'drive-backup/on-source-error-needs-io-status': stopTaken,
  'drive-mirror/on-source-error-needs-io-status': stopTaken,
  'examples/throttle': (step) => /burst length cannot be 0/.test(errorText(step)),
  'qcow/encrypt-aes': noAes,
  'qcow2/encrypt-aes': noAes,
  'protocol/controls-in-strings-are-refused': ({ raw, reply }) =>
    typeof raw === 'string' &&
    [...raw.trimEnd()].some((character) => character < ' ') &&
    isJsonObject(reply) &&
    'return' in reply,
};

const contradicted = Object.entries<Requirement>(requirements).filter(
  ([, { contradictedBy }]) => contradictedBy !== undefined,
);

test.each(contradicted)('%s', (id, { text, contradictedBy }) => {
  const [command] = id.split('/') as [string];
  const steps = stepsOf(contradictedBy!);
  const shows = SHOWS[id] ?? (/DeviceNotFound/.test(text) ? otherClass : undefined);
  expect(shows, 'say in SHOWS by what the transcript shows it').toBeDefined();
  const shown = steps.some((step) => shows!(step, argumentsOf(step, command)));
  expect(shown, `${contradictedBy} has no ${command} with an answer that contradicts: ${text}`).toBe(true);
});
