/** Block jobs, and what is done to them while they run. Speeds are low, so that a job stays where it is. */
import { effectsOf } from '../../../spec/effects/effects-of.ts';
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CallBuilder } from '../call-builder.ts';
import type { CallTemplate } from '../call-templates.ts';

const SYNC = ['full', 'top', 'none', 'incremental', 'bitmap'];

const job = (d: CallBuilder): JsonObject => ({
  'job-id': d.make('job'),
  ...d.maybe(60, () => ({ speed: d.speed() })),
  ...d.maybe(15, () => ({ 'auto-finalize': d.chance(40) })),
  ...d.maybe(15, () => ({ 'auto-dismiss': d.chance(40) })),
});

const policies = (d: CallBuilder): JsonObject => ({
  ...d.maybe(20, () => ({
    'on-source-error': d.pick('report', 'report', 'stop', 'stop', 'enospc', 'ignore'),
  })),
  ...d.maybe(20, () => ({
    'on-target-error': d.pick('report', 'report', 'stop', 'stop', 'enospc', 'ignore'),
  })),
});

export const backupArguments = (d: CallBuilder): JsonObject => ({
  ...job(d),
  device: d.use('node'),
  target: d.use('node'),
  sync: d.chance(70) ? d.pick('full', 'none', 'top') : d.pick(...SYNC),
  ...d.maybe(20, () => ({ bitmap: bitmapOr(d, 'b0') })),
  ...d.maybe(10, () => ({ 'bitmap-mode': d.pick('always', 'on-success', 'never') })),
  ...d.maybe(10, () => ({ compress: true })),
  ...policies(d),
});

function bitmapOr(d: CallBuilder, otherwise: string): Json {
  return d.programState.made('bitmap').length > 0 ? d.use('bitmap') : otherwise;
}

function verb(
  command: string,
  weight: number,
  more: (d: CallBuilder) => JsonObject = () => ({}),
): CallTemplate {
  const [member] = Object.keys(effectsOf(command).uses!);
  return { command, weight, needs: ['job'], make: (d) => ({ [member!]: d.use('job'), ...more(d) }) };
}

export const JOB_TEMPLATES: readonly CallTemplate[] = [
  { command: 'blockdev-backup', weight: 6, needs: ['node'], make: backupArguments },
  {
    command: 'blockdev-mirror',
    weight: 8,
    needs: ['node'],
    make: (d) => ({
      ...job(d),
      device: d.use('node'),
      target: d.use('node'),
      sync: d.pick('full', 'top', 'none'),
      ...d.maybe(15, () => ({ granularity: d.granularity() })),
      ...d.maybe(10, () => ({ 'buf-size': d.pick(0, 1, 65536, 1048576) })),
      ...d.maybe(15, () => ({ 'copy-mode': d.pick('background', 'write-blocking') })),
      ...d.maybe(10, () => ({ replaces: d.use('node') })),
      ...d.maybe(10, () => ({ 'filter-node-name': d.make('node') })),
      ...policies(d),
    }),
  },
  {
    command: 'block-stream',
    weight: 5,
    needs: ['node'],
    make: (d) => ({
      ...job(d),
      device: d.use('node'),
      ...d.maybe(25, () => ({ 'base-node': d.use('node') })),
      ...d.maybe(10, () => ({ bottom: d.use('node') })),
      ...d.maybe(10, () => ({ 'on-error': d.pick('report', 'report', 'stop', 'stop', 'enospc', 'ignore') })),
    }),
  },
  {
    command: 'block-commit',
    weight: 5,
    needs: ['node'],
    make: (d) => ({
      ...job(d),
      device: d.use('node'),
      ...d.maybe(35, () => ({ 'top-node': d.use('node') })),
      ...d.maybe(35, () => ({ 'base-node': d.use('node') })),
      ...d.maybe(10, () => ({ 'filter-node-name': d.make('node') })),
      ...d.maybe(10, () => ({ 'on-error': d.pick('report', 'report', 'stop', 'stop', 'enospc', 'ignore') })),
    }),
  },
  ...(['drive-mirror', 'drive-backup'] as const).map(
    (command): CallTemplate => ({
      command,
      weight: 3,
      needs: ['node'],
      make: (d) => ({
        ...job(d),
        device: d.use('node'),
        target: d.pick(
          d.make('file'),
          d.make('file'),
          d.programState.made('file').length > 0 ? d.use('file') : '',
        ),
        sync: d.pick('full', 'full', 'top', 'none'),
        ...d.maybe(50, () => ({ format: d.pick('qcow2', 'raw', 'qcow2', 'vmdk', 'vdi') })),
        ...d.maybe(30, () => ({ mode: d.pick('existing', 'absolute-paths') })),
        ...policies(d),
      }),
    }),
  ),
  verb('block-job-cancel', 4, (d) => d.maybe(40, () => ({ force: d.chance(70) })) as JsonObject),
  verb('block-job-complete', 5),
  verb('block-job-pause', 3),
  verb('block-job-resume', 3),
  verb('block-job-set-speed', 3, (d) => ({ speed: d.speed() })),
  verb('block-job-finalize', 1),
  verb('block-job-dismiss', 1),
  verb('job-cancel', 2),
  verb('job-complete', 2),
  verb('job-pause', 2),
  verb('job-resume', 2),
  verb('job-finalize', 2),
  verb('job-dismiss', 2),
];
