/** The NBD server, and what is exported. */
import { type CommandEffects, NOBODY } from './effects.ts';

export const EXPORT_EFFECTS = {
  'nbd-server-start': {
    contents: 'server-started',
    makes: [{ kind: 'nbd-server', undo: 'nbd-server-stop' }],
  },
  'nbd-server-stop': {
    contents: 'server-stopped',
    removes: [{ kind: 'nbd-server' }],
    disruptive: 'stops the server of other cases',
  },
  'nbd-server-add': {
    contents: 'export-added',
    makes: [
      {
        kind: 'export',
        argument: 'name',
        otherwise: 'device',
        partOf: { kind: 'nbd-server' },
        undo: 'nbd-server-remove',
      },
    ],
    uses: { device: 'node-or-device', bitmap: 'bitmap' },
    harmlessWith: { device: NOBODY },
  },
  'nbd-server-remove': {
    contents: 'export-removed',
    uses: { name: 'export' },
    removes: [{ kind: 'export', argument: 'name', force: { mode: 'hard' } }],
    harmlessWith: { name: NOBODY },
  },
  'block-export-add': {
    contents: 'export-added',
    makes: [
      {
        kind: 'export',
        argument: 'id',
        partOf: { kind: 'nbd-server', when: { type: 'nbd' } },
        undo: 'block-export-del',
      },
    ],
    uses: { 'node-name': 'node', iothread: 'iothread' },
    harmlessWith: { type: 'nbd', id: NOBODY, 'node-name': NOBODY },
  },
  'block-export-del': {
    contents: 'export-removed',
    uses: { id: 'export' },
    removes: [{ kind: 'export', argument: 'id', force: { mode: 'hard' } }],
    harmlessWith: { id: NOBODY },
  },
} as const satisfies Readonly<Record<string, CommandEffects>>;
