/**
 * The file of `serve --fault`: what is to go wrong, and when. `docs/manual/faults.md` explains it.
 */
import * as v from 'valibot';
import { loadBlockSchema } from '../../spec/block-core.ts';
import { type InputText, mapping, readJson, readYaml, validate } from '../input-file.ts';

const count = (what: string, least = 1) => v.pipe(v.number(), v.integer(what), v.minValue(least, what));
const optional = v.exactOptional;
const moment = v.picklist(['before', 'after'], 'it takes before or after');

const faultForm = mapping({
  command: optional(v.string()),
  event: optional(v.string()),
  job: optional(v.picklist(['backup', 'commit', 'mirror', 'stream'], 'it takes the type of a job')),
  at: optional(count('it takes a number of bytes')),
  nth: optional(count('it takes a number from 1')),
  drop: optional(moment),
  kill: optional(moment),
  delay: optional(count('it takes a number of milliseconds', 0)),
  cut: optional(count('it takes a number of bytes', 0)),
  fail: optional(mapping({ class: optional(v.string()), desc: v.string() })),
  hold: optional(v.string()),
  lose: optional(v.literal(true, 'it takes true')),
});

const fileForm = mapping({ faults: v.array(faultForm) });

type Written = v.InferOutput<typeof faultForm>;

const TRIGGERS = ['command', 'event', 'job'] as const;
/** Which triggers an action goes with. */
const ACTIONS = {
  drop: ['command', 'event', 'job'],
  kill: ['command', 'event', 'job'],
  delay: ['command', 'event'],
  cut: ['command'],
  fail: ['command'],
  hold: ['event'],
  lose: ['event'],
} as const satisfies Readonly<Record<string, readonly (typeof TRIGGERS)[number][]>>;

/** The faults of a file, JSON or YAML. `file` is for messages. Throws `InputError` that names file and line. */
export function readFaults(text: string, file: string) {
  const input = file.endsWith('.json') ? readJson(text, file) : readYaml(text, file);
  return validate(fileForm, input).faults.map((written, index) => faultOf(written, index, input));
}

function faultOf(written: Written, index: number, input: InputText) {
  const place = ['faults', index];
  const only = <N extends keyof Written>(names: readonly N[]): N => {
    const [name, other] = names.filter((one) => written[one] !== undefined);
    if (name === undefined || other !== undefined)
      throw input.fault(
        other === undefined ? place : [...place, other],
        `it takes one of ${names.join(', ')}`,
      );
    return name;
  };
  const trigger = only(TRIGGERS);
  const action = only(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]);
  const triggers: readonly string[] = ACTIONS[action];
  if (!triggers.includes(trigger))
    throw input.fault([...place, action], `it goes with ${triggers.join(', ')} only`);
  if ((trigger === 'job') !== (written.at !== undefined))
    throw input.fault([...place, 'at'], 'a job takes it, and nothing else does');
  refuseUnknownNames(written, (name, what) => input.fault([...place, name], what));
  return { on: triggerOf(written), nth: written.nth ?? 1, action: actionOf(written) };
}

/** A fault that waits for what never comes would show nothing. */
function refuseUnknownNames(
  { command, event, hold }: Written,
  fault: (name: keyof Written, what: string) => Error,
): void {
  const { commands, events } = loadBlockSchema();
  if (command !== undefined && !commands.has(command))
    throw fault('command', `there is no command ${command}`);
  for (const [name, given] of Object.entries({ event, hold }))
    if (given !== undefined && !events.has(given))
      throw fault(name as 'event' | 'hold', `there is no event ${given}`);
}

function triggerOf({ command, event, job, at }: Written) {
  if (command !== undefined) return { command };
  if (event !== undefined) return { event };
  return { job: job!, offset: at! };
}

function actionOf(written: Written) {
  if (written.drop !== undefined) return { kind: 'drop' as const, when: written.drop };
  if (written.kill !== undefined) return { kind: 'kill' as const, when: written.kill };
  if (written.delay !== undefined) return { kind: 'delay' as const, milliseconds: written.delay };
  if (written.cut !== undefined) return { kind: 'cut' as const, bytes: written.cut };
  if (written.hold !== undefined) return { kind: 'hold' as const, until: written.hold };
  if (written.lose !== undefined) return { kind: 'lose' as const };
  const { class: errorClass = 'GenericError', desc } = written.fail!;
  return { kind: 'fail' as const, class: errorClass, desc };
}
