/** Block jobs: what starts them, and what is done to them. */
import { type CommandEffects, type Made, NOBODY, type Shown } from './effects.ts';

const JOB: Made = { kind: 'job', argument: 'job-id', otherwise: 'device' };
/** It goes with its job. */
const FILTER: Made = { kind: 'node', argument: 'filter-node-name' };
const TARGET_FILE: Made = { kind: 'file', argument: 'target' };

const USUAL = ['job-id'];

/** Commands that name a job in `device`, and those that name it in `id`. */
const ON_DEVICE = { uses: { device: 'job' }, harmlessWith: { device: NOBODY } } as const;
const ON_ID = { uses: { id: 'job' }, harmlessWith: { id: NOBODY } } as const;

const PAUSED: readonly Shown[] = [{ of: 'job', as: 'paused', value: true }];
const RESUMED: readonly Shown[] = [{ of: 'job', as: 'paused', value: false }];
const DISMISSED: readonly Shown[] = [{ of: 'job', as: 'status' }];

export const JOB_EFFECTS = {
  'block-commit': {
    contents: 'job-started',
    job: 'commit',
    makes: [JOB, FILTER],
    uses: {
      device: 'node-or-device',
      'base-node': 'node',
      base: 'file',
      'top-node': 'node',
      top: 'file',
      'backing-file': 'file',
    },
    usual: USUAL,
    harmlessWith: { device: NOBODY },
  },
  'block-stream': {
    contents: 'job-started',
    job: 'stream',
    makes: [JOB, FILTER],
    uses: {
      device: 'node-or-device',
      base: 'file',
      'base-node': 'node',
      bottom: 'node',
      'backing-file': 'file',
    },
    usual: USUAL,
    harmlessWith: { device: NOBODY },
    exclusive: [{ members: ['base', 'base-node'], both: true, neither: false }],
  },
  'blockdev-backup': {
    contents: 'job-started',
    job: 'backup',
    makes: [JOB, FILTER],
    uses: { device: 'node-or-device', target: 'node', bitmap: 'bitmap' },
    usual: USUAL,
    harmlessWith: { device: NOBODY, target: NOBODY, sync: 'full' },
  },
  // Once it has completed, users of the source use the target.
  'blockdev-mirror': {
    contents: 'job-started',
    job: 'mirror',
    makes: [JOB, FILTER],
    uses: { device: 'node-or-device', target: 'node', replaces: 'node' },
    undo: 'impossible',
    usual: USUAL,
    harmlessWith: { device: NOBODY, target: NOBODY, sync: 'full' },
  },
  'drive-backup': {
    contents: 'job-started',
    job: 'backup',
    makes: [JOB, TARGET_FILE, FILTER],
    uses: { device: 'node-or-device', bitmap: 'bitmap' },
    undo: 'impossible',
    usual: USUAL,
  },
  'drive-mirror': {
    contents: 'job-started',
    job: 'mirror',
    makes: [JOB, TARGET_FILE, { kind: 'node', argument: 'node-name' }],
    uses: { device: 'node-or-device', replaces: 'node' },
    undo: 'impossible',
    usual: USUAL,
  },
  'block-job-cancel': { contents: 'job-cancelled', ...ON_DEVICE },
  'block-job-complete': { contents: 'job-completed', ...ON_DEVICE },
  'block-job-dismiss': { contents: 'unchanged', ...ON_ID, shows: DISMISSED },
  'block-job-finalize': { contents: 'unchanged', ...ON_ID },
  'block-job-pause': { contents: 'unchanged', ...ON_DEVICE, shows: PAUSED },
  'block-job-resume': { contents: 'unchanged', ...ON_DEVICE, shows: RESUMED },
  'block-job-set-speed': {
    contents: 'unchanged',
    ...ON_DEVICE,
    harmlessWith: { device: NOBODY, speed: 0 },
    shows: [{ of: 'job', as: 'speed', argument: 'speed' }],
  },
  'job-cancel': { contents: 'job-cancelled', ...ON_ID },
  'job-complete': { contents: 'job-completed', ...ON_ID },
  'job-dismiss': { contents: 'unchanged', ...ON_ID, shows: DISMISSED },
  'job-finalize': { contents: 'unchanged', ...ON_ID },
  'job-pause': { contents: 'unchanged', ...ON_ID, shows: PAUSED },
  'job-resume': { contents: 'unchanged', ...ON_ID, shows: RESUMED },
} as const satisfies Readonly<Record<string, CommandEffects>>;
