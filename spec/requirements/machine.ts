import type { Requirement } from './requirement.ts';

/** Statements about whether the machine runs. */
export const machine = {
  'SHUTDOWN/emitted': {
    level: 'must',
    definition: 'SHUTDOWN',
    text: 'It comes when the machine has shut down, and before an endpoint ends.',
  },
  'SHUTDOWN/guest': {
    level: 'must',
    definition: 'SHUTDOWN',
    text: 'guest tells whether it was the guest that wanted it.',
    since: '2.10',
  },
  'cont/retries': {
    level: 'must',
    definition: 'cont',
    text: 'Guest I/O that stopped the machine is tried again.',
  },
  'cont/runs': {
    level: 'must',
    definition: 'cont',
    text: 'After success the machine runs.',
  },
  'query-status/io-error': {
    level: 'must',
    definition: 'query-status',
    text: 'status is io-error where failed I/O halted the machine.',
  },
  'query-status/prelaunch': {
    level: 'must',
    definition: 'query-status',
    text: 'status is prelaunch as long as the machine has not run.',
  },
  'query-status/prelaunch-again': {
    level: 'must',
    definition: 'query-status',
    text: 'A machine that stands and is reset is told as one that has not run; one that runs runs on.',
    source: 'observation',
  },
  'query-status/running': {
    level: 'must',
    definition: 'query-status',
    text: 'running is true, and status running, exactly while the machine runs; after stop status is paused.',
  },
  'query-status/singlestep': {
    level: 'must',
    definition: 'query-status',
    text: 'singlestep is true only where the processors are made to go step by step.',
  },
  'stop/halts': {
    level: 'must',
    definition: 'stop',
    text: 'After success the machine does not run.',
  },
  'stop/harmless': {
    level: 'must',
    definition: 'stop',
    text: 'It succeeds and changes nothing where the machine does not run.',
  },
} as const satisfies Record<string, Requirement>;
