/** When events are told to have been: by the clock of the endpoint's machine, never backwards. */
import { isJsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition, EventReply } from './case.ts';
import { shown } from './case-text.ts';

/** Milliseconds between two events, where time passes as the case wants it, and what may pass besides. */
const STEP = 300;
const SLACK = 500;
const STEPS = 8;
/** Seconds by which two clocks of one machine may differ. */
const MINUTES = 600;

/** Microseconds since the epoch. */
function timeOf(t: CaseContext, { event, timestamp = null }: EventReply): number {
  const { seconds, microseconds } = isJsonObject(timestamp) ? timestamp : {};
  t.check(
    Number.isInteger(seconds) && Number.isInteger(microseconds),
    'the time of an event must be told in seconds and microseconds',
    `that of ${event} is ${shown(timestamp)}`,
  );
  t.check(
    Number(microseconds) >= 0 && Number(microseconds) < 1e6,
    'there must be less than a million microseconds',
    `there are ${shown(microseconds)}`,
  );
  return Number(seconds) * 1e6 + Number(microseconds);
}

export const eventTimes: readonly CaseDefinition[] = [
  {
    id: 'sessions/event-times',
    title:
      'Events are told with the time of the machine when they were, and it passes between them as it does',
    requirements: ['protocol/event-timestamp', 'protocol/event-timestamp-epoch'],
    needs: { commands: ['stop', 'cont'], events: ['STOP', 'RESUME'], capabilities: ['owned', 'sharedFiles'] },
    fresh: true,
    async run(t: CaseContext) {
      const times: number[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        await t.execute(step % 2 === 0 ? 'cont' : 'stop');
        times.push(timeOf(t, await t.event(step % 2 === 0 ? 'RESUME' : 'STOP')));
        if (t.virtualTime) await t.elapse(STEP);
      }
      const off = Math.abs(times[0]! / 1e6 - Date.now() / 1000);
      t.check(
        off < MINUTES,
        'an event must be told with the time of the machine',
        `it is ${off} seconds off`,
      );
      for (const [index, time] of times.slice(1).entries()) {
        const passed = (time - times[index]!) / 1000;
        t.check(passed >= 0, 'time must not run backwards', `it does so by ${-passed} ms`);
        if (t.virtualTime)
          t.check(
            passed >= STEP && passed < STEP + SLACK,
            `${STEP} ms between events must be told as such`,
            `${passed} ms are told`,
          );
      }
    },
  },
];
