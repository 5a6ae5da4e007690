/** Requirements of transaction. */
import type { Requirement } from './requirement.ts';

export const transaction = {
  'transaction/all-or-nothing': {
    level: 'must',
    definition: 'transaction',
    text: 'If an action fails the command is refused, and what the others did is undone.',
  },
  'transaction/does-all': {
    level: 'must',
    definition: 'transaction',
    text: 'After success every action has been done.',
  },
  'transaction/grouped': {
    level: 'must',
    definition: 'ActionCompletionMode',
    text: 'With completion-mode grouped the jobs end together: if one fails or is cancelled, all are.',
  },
  'transaction/grouped-unsupported': {
    level: 'must',
    definition: 'ActionCompletionMode',
    text: 'grouped is refused with an action that knows nothing of it.',
  },
  'transaction/individual': {
    level: 'must',
    definition: 'ActionCompletionMode',
    text: 'Otherwise each job ends by itself.',
  },
} as const satisfies Record<string, Requirement>;
