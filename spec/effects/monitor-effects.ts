/** Transactions, objects, the machine and what only asks. */
import { type CommandEffects, NOBODY } from './effects.ts';

/** Asks, and changes nothing. */
export const QUERY: CommandEffects = { contents: 'unchanged', undo: 'needless', harmlessWith: {} };

export const MONITOR_EFFECTS = {
  transaction: {
    contents: 'unchanged',
    actions: 'actions',
    undo: 'impossible',
    harmlessWith: { actions: [] },
  },
  // An action only.
  abort: { contents: 'unchanged' },
  'object-add': {
    contents: 'unchanged',
    makes: [{ kind: 'object', argument: 'id', undo: 'object-del' }],
    harmlessWith: { 'qom-type': NOBODY, id: NOBODY },
  },
  'object-del': {
    contents: 'unchanged',
    uses: { id: 'object' },
    removes: [{ kind: 'object', argument: 'id' }],
    harmlessWith: { id: NOBODY },
  },
  device_add: { contents: 'unknown', makes: [{ kind: 'device', argument: 'id' }] },
  // The guest lets it go, or does not.
  device_del: { contents: 'unknown', uses: { id: 'device' } },
  'human-monitor-command': { contents: 'guest-io', undo: 'needless' },
  stop: {
    contents: 'unchanged',
    disruptive: 'stops the guest',
    shows: [{ of: 'machine', as: 'running', value: false }],
  },
  cont: {
    contents: 'unchanged',
    disruptive: 'starts the guest',
    shows: [{ of: 'machine', as: 'running', value: true }],
  },
  system_reset: { contents: 'unknown', disruptive: 'resets the guest' },
  system_powerdown: { contents: 'unknown', disruptive: 'ends the guest' },
  quit: { contents: 'unknown', disruptive: 'ends the endpoint' },
  // No query for those who look for commands: an open session has sent it once, and may not again.
  qmp_capabilities: { contents: 'unchanged', undo: 'needless' },
  'qom-list': { ...QUERY, harmlessWith: { path: NOBODY } },
  'qom-get': { ...QUERY, harmlessWith: { path: NOBODY, property: NOBODY } },
  'qom-set': { contents: 'unchanged' },
  'device-list-properties': { ...QUERY, harmlessWith: { typename: NOBODY } },
  'query-block': QUERY,
  'query-block-exports': QUERY,
  'query-block-jobs': QUERY,
  'query-blockstats': QUERY,
  'query-commands': QUERY,
  'query-events': QUERY,
  'query-iothreads': QUERY,
  'query-jobs': QUERY,
  'query-name': QUERY,
  'query-named-block-nodes': QUERY,
  'query-qmp-schema': QUERY,
  'query-status': QUERY,
  'query-version': QUERY,
  'x-debug-query-block-graph': QUERY,
} as const satisfies Readonly<Record<string, CommandEffects>>;
