/**
 * The states of a job's life and what may be done in each: `BlockJobStatus` against itself (which may follow which) and
 * against `BlockJobVerb`.
 */
import assert from 'node:assert/strict';
import type { BlockJobStatus, BlockJobVerb } from '../../spec/generated/qmp.ts';
import { CommandError } from '../qapi/command-error.ts';

/** Which states may follow a state. */
export const TRANSITIONS: Readonly<Record<BlockJobStatus, readonly BlockJobStatus[]>> = {
  undefined: ['created'],
  created: ['running', 'aborting'],
  running: ['paused', 'ready', 'waiting', 'aborting'],
  paused: ['running'],
  ready: ['standby', 'waiting', 'aborting'],
  standby: ['ready'],
  waiting: ['pending', 'aborting'],
  pending: ['aborting', 'concluded'],
  aborting: ['concluded'],
  concluded: ['null'],
  null: [],
};

/** A job that is created only is started, or given up, before the next command comes. */
const RUNNING: readonly BlockJobStatus[] = ['running', 'paused', 'ready', 'standby'];

/** In which states a verb may be applied. */
export const VERBS: Readonly<Record<BlockJobVerb, readonly BlockJobStatus[]>> = {
  cancel: [...RUNNING, 'waiting', 'pending'],
  pause: RUNNING,
  resume: RUNNING,
  'set-speed': RUNNING,
  complete: ['ready'],
  dismiss: ['concluded'],
  finalize: ['pending'],
};

/** Throws `CommandError` where the verb may not be applied. */
export function assertVerb(id: string, status: BlockJobStatus, verb: BlockJobVerb): void {
  if (!VERBS[verb].includes(status))
    throw new CommandError(`Job '${id}' in state '${status}' cannot accept command verb '${verb}'`);
}

export function assertTransition(from: BlockJobStatus, to: BlockJobStatus): void {
  assert(TRANSITIONS[from].includes(to), `a job that is ${from} cannot become ${to}`);
}
