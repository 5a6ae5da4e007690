/** Whether the machine runs: stop, cont, query-status, and the events STOP, RESUME and SHUTDOWN. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { pc } from './helpers/ide-guest.ts';

const machine = { commands: ['stop', 'cont', 'query-status'], events: ['STOP', 'RESUME'] };

async function status(t: CaseContext): Promise<JsonObject> {
  const told = await t.execute('query-status');
  t.check(isJsonObject(told), 'query-status must return an object', `it returns ${shown(told)}`);
  t.check(
    told.singlestep !== true,
    'singlestep must be false where nobody makes the processors go step by step',
    'it is true',
  );
  return told;
}

/** Carries out a command, and gives the names of the events that it brings. */
async function eventsOf(t: CaseContext, command: string): Promise<string[]> {
  t.equal(await t.execute(command), {}, `${command} must return an empty object`);
  await t.roundTrip();
  const names = t.pending().map(({ event }) => event);
  for (const name of names) await t.event(name);
  return names;
}

const CONFIG = { address: 0xcf8, data: 0xcfc } as const;
/** The power management function of the PC's PIIX4, on bus 0. */
const POWER_MANAGEMENT = 0x8000_0b00;
/** Where the case puts its ports, and of these the one that sends the machine to sleep. */
const PORTS = 0x600;
const CONTROL = PORTS + 4;
/** SLP_EN, with the type of sleep that is no sleep at all. */
const POWER_OFF = 0x2000;

/** The guest sets up its power management, and switches the machine off. */
async function powerOff(t: CaseContext): Promise<void> {
  const config = (register: number, size: string, value: number): string[] => [
    `outl ${CONFIG.address} ${POWER_MANAGEMENT | register}`,
    `out${size} ${CONFIG.data} ${value}`,
  ];
  await t.qtest([...config(0x40, 'l', PORTS | 1), ...config(0x80, 'b', 1), `outw ${CONTROL} ${POWER_OFF}`]);
}

export const machineStates: readonly CaseDefinition[] = [
  {
    id: 'query-status/after-a-reset',
    title: 'A machine that is reset while it stands has not run any more; one that runs goes on',
    requirements: ['query-status/prelaunch-again', 'query-status/running', 'STOP/emitted', 'RESUME/emitted'],
    needs: {
      ...machine,
      commands: [...machine.commands, 'system_reset'],
      events: ['RESET', 'STOP', 'RESUME'],
    },
    fresh: true,
    async run(t: CaseContext) {
      for (const [command, state] of [
        ['cont', { running: true, status: 'running' }],
        ['stop', { running: false, status: 'prelaunch' }],
        ['stop', { running: false, status: 'prelaunch' }],
        ['cont', { running: true, status: 'running' }],
      ] as const) {
        await eventsOf(t, command);
        const events = await eventsOf(t, 'system_reset');
        t.equal(events, ['RESET'], 'a machine that is reset must neither stop nor go on for it');
        t.contains(
          await status(t),
          state,
          'query-status must tell whether the machine ran since it was reset',
        );
      }
    },
  },
  {
    id: 'RESUME/and-stop',
    title: 'STOP and RESUME come when the machine is stopped and goes on, and not when it is so already',
    requirements: [
      'STOP/emitted',
      'RESUME/emitted',
      'stop/halts',
      'stop/harmless',
      'cont/runs',
      'query-status/running',
    ],
    needs: machine,
    fresh: true,
    async run(t: CaseContext) {
      for (const [command, event, state] of [
        ['cont', 'RESUME', { running: true, status: 'running' }],
        ['stop', 'STOP', { running: false, status: 'paused' }],
        ['cont', 'RESUME', { running: true, status: 'running' }],
        ['stop', 'STOP', { running: false, status: 'paused' }],
        ['cont', 'RESUME', { running: true, status: 'running' }],
        ['stop', 'STOP', { running: false, status: 'paused' }],
      ] as const) {
        t.equal(await eventsOf(t, command), [event], `${command} must bring ${event} and nothing else`);
        t.contains(await status(t), state, `the machine must be ${state.status}`);
        t.equal(
          await eventsOf(t, command),
          [],
          `${command} of a machine that is ${state.status} must bring no event`,
        );
        t.contains(await status(t), state, `the machine must stay ${state.status}`);
      }
    },
  },
  {
    id: 'query-status/before-it-ran',
    title: 'A machine that has not run yet stands in state prelaunch, and stop leaves it so',
    requirements: ['query-status/prelaunch', 'query-status/singlestep', 'stop/harmless', 'STOP/emitted'],
    needs: { ...machine, capabilities: ['owned'] },
    fresh: true,
    async run(t: CaseContext) {
      const first = await status(t);
      if (first.running === true) t.skip('the endpoint starts with a machine that runs');
      t.contains(first, { running: false, status: 'prelaunch' }, 'the machine must not have run yet');
      t.equal(await eventsOf(t, 'stop'), [], 'stop of a machine that stands must bring no event');
      t.contains(
        await status(t),
        { running: false, status: 'prelaunch' },
        'stop must leave a machine as it was that has not run',
      );
      t.equal(await eventsOf(t, 'cont'), ['RESUME'], 'cont must bring RESUME');
      t.contains(await status(t), { running: true, status: 'running' }, 'the machine must run');
    },
  },
  {
    id: 'SHUTDOWN/by-the-guest',
    title: 'A guest that switches its machine off brings SHUTDOWN with guest true, and then the end',
    requirements: ['SHUTDOWN/emitted', 'SHUTDOWN/guest'],
    needs: { events: ['SHUTDOWN'], commands: ['cont'], capabilities: ['owned'] },
    topology: pc('switched-off', [], []),
    fresh: true,
    async run(t: CaseContext) {
      await t.execute('cont');
      await powerOff(t);
      await t.event('SHUTDOWN', { guest: true });
      await t.ended();
    },
  },
];
