/** What can be done to two jobs called `a` and `b`, one thing after another, and what must hold then. */
import { expect } from 'vitest';
import type { BlockJobStatus, BlockJobVerb } from '../../spec/generated/qmp.ts';
import { VERBS } from '../jobs/job-status.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { JobFixture } from './job-fixture.ts';

export type Verb = Exclude<BlockJobVerb, 'set-speed'>;
/** `turn`: one of the main loop; `time`: enough for anything that waits for time. */
export type Action = 'turn' | 'time' | `${Verb} ${'a' | 'b'}`;

export function actionsWith(verbs: readonly Verb[]): readonly Action[] {
  return ['turn', 'time', ...verbs.flatMap((verb) => [`${verb} a`, `${verb} b`] as const)];
}

/** All of this length. */
export function* sequences(actions: readonly Action[], length: number): Generator<readonly Action[]> {
  if (length === 0) yield [];
  else
    for (const before of sequences(actions, length - 1))
      for (const action of actions) yield [...before, action];
}

/** Each job has ended once, and was ready at most once. */
export function expectEndedOnce(fixture: JobFixture, path: string): void {
  for (const id of ['a', 'b']) {
    const ends = fixture.events.filter(
      ({ event, data }) => /COMPLETED|CANCELLED/.test(event) && data.device === id,
    );
    expect(ends.length, `${path}: ends of ${id}`).toBe(1);
    const ready = fixture.told('BLOCK_JOB_READY').filter(({ data }) => data.device === id);
    expect(ready.length, path).toBeLessThanOrEqual(1);
  }
}

/** A verb is accepted or refused as the job's state says. */
export async function act(fixture: JobFixture, action: Action): Promise<void> {
  if (action === 'turn') return fixture.step();
  if (action === 'time') return fixture.pass(100);
  const [verb, id] = action.split(' ') as [Verb, string];
  const job = fixture.endpoint.jobs.all.find((other) => other.id === id);
  const state: BlockJobStatus | undefined = job?.status;
  const refusal = await refusalOf(fixture, verb, id);
  if (state === undefined) expect(refusal?.errorClass).toBe('DeviceNotActive');
  else if (!VERBS[verb].includes(state)) expect(refusal).toBeDefined();
  else if (verb === 'finalize' || verb === 'dismiss') expect(refusal).toBeUndefined();
}

async function refusalOf(fixture: JobFixture, verb: Verb, id: string): Promise<CommandError | undefined> {
  const member = verb === 'finalize' || verb === 'dismiss' ? 'id' : 'device';
  try {
    await fixture.run(`block-job-${verb}`, { [member]: id });
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

/** Brings all jobs to their end, by whatever verbs their states leave. */
export async function end(fixture: JobFixture): Promise<void> {
  await fixture.idle();
  for (let round = 0; round < 10 && fixture.endpoint.jobs.all.length > 0; round += 1) {
    for (const job of fixture.endpoint.jobs.all.slice()) {
      if (job.status === 'pending') await refusalOf(fixture, 'finalize', job.id);
      else if (job.status === 'concluded') await refusalOf(fixture, 'dismiss', job.id);
      else await fixture.run('block-job-cancel', { device: job.id, force: true }).catch(() => undefined);
      await fixture.pass(100);
    }
  }
  expect(fixture.endpoint.jobs.all).toEqual([]);
}
