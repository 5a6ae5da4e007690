import type { Unobservable } from './requirement.ts';

/** Statements that no case can hold an endpoint to, each with the reason, by id. No id is one of `requirements` too. */
export const unobservable: Readonly<Record<string, Unobservable>> = {
  'BLOCK_IO_ERROR/reason-is-for-people': {
    definition: 'BLOCK_IO_ERROR',
    text: 'Applications do not parse reason: it is a text for people.',
    reason: 'binds applications, not endpoints',
  },
};
