/** Commands of the human monitor for images and jobs: each is the command of QMP that says the same. */

import { type CommandContext, CommandError } from '../../commands/handler.ts';
import type { commands } from '../../commands/index.ts';
import { commitImage } from '../../graph/commit-image.ts';
import { IoError } from '../../host/errno.ts';
import { integer } from '../../qapi/json/wire-value.ts';
import type { HumanArguments } from './human-arguments.ts';
import type { HumanCommand, HumanCommands } from './human-command.ts';
import { run } from './run-command.ts';

type Arguments = Record<string, unknown>;

const forDevice = (
  name: keyof typeof commands,
  params: string,
  help: string,
  args = 'device:B',
  more: (args: HumanArguments) => Arguments = () => ({}),
): HumanCommand => ({
  args,
  params,
  help,
  run: (given, context) => run(name, context, { device: given.texts.device, ...more(given) }),
});

const speedOf = ({ numbers: { speed } }: HumanArguments) =>
  speed === undefined ? {} : { speed: integer(speed) };
const reuse = ({ flags }: HumanArguments) => (flags.has('reuse') ? 'existing' : 'absolute-paths');

async function commit(name: string, context: CommandContext): Promise<string> {
  const { block } = context;
  const drives = name === 'all' ? block.backends.named : [block.backends.find(name)];
  for (const drive of drives) {
    if (!drive) return `Device '${name}' not found\n`;
    if (name === 'all' && !drive.node?.backing) continue;
    if (!drive.node) return `'commit' error for '${name}': No medium found\n`;
    try {
      await commitImage(block.graph, drive.node);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      return `'commit' error for '${drive.name}': ${error.message}\n`;
    }
  }
  return '';
}

export const copyCommands: HumanCommands = {
  block_job_cancel: forDevice(
    'block-job-cancel',
    '[-f] device',
    'stop an active background block operation (use -f\n\t\t\t if you want to abort the operation immediately\n\t\t\t instead of keep running until data is in sync)',
    'force:-f,device:B',
    ({ flags }) => ({ force: flags.has('force') }),
  ),
  block_job_complete: forDevice('block-job-complete', 'device', 'stop an active background block operation'),
  block_job_pause: forDevice('block-job-pause', 'device', 'pause an active background block operation'),
  block_job_resume: forDevice('block-job-resume', 'device', 'resume a paused background block operation'),
  block_job_set_speed: forDevice(
    'block-job-set-speed',
    'device speed',
    'set maximum speed for a background block operation',
    'device:B,speed:o',
    speedOf,
  ),
  block_resize: forDevice(
    'block_resize',
    'device size',
    'resize a block image',
    'device:B,size:o',
    ({ numbers: { size } }) => ({ size: integer(size!) }),
  ),
  block_set_io_throttle: forDevice(
    'block_set_io_throttle',
    'device bps bps_rd bps_wr iops iops_rd iops_wr',
    'change I/O throttle limits for a block drive',
    'device:B,bps:i,bps_rd:i,bps_wr:i,iops:i,iops_rd:i,iops_wr:i',
    ({ numbers }) =>
      Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, integer(value)])),
  ),
  block_stream: forDevice(
    'block-stream',
    'device [speed [base]]',
    'copy data from a backing file into a block device',
    'device:B,speed:o?,base:s?',
    (args) => ({ ...speedOf(args), base: args.texts.base, 'on-error': 'report' }),
  ),
  commit: {
    args: 'device:B',
    params: 'device|all',
    help: 'commit changes to the disk images (if -snapshot is used) or backing files',
    run: ({ texts }, context) => commit(texts.device!, context),
  },
  drive_backup: forDevice(
    'drive-backup',
    '[-n] [-f] [-c] device target [format]',
    'initiates a point-in-time copy of a device',
    'reuse:-n,full:-f,compress:-c,device:B,target:s,format:s?',
    (args) => ({
      target: args.texts.target,
      format: args.texts.format,
      sync: args.flags.has('full') ? 'full' : 'top',
      mode: reuse(args),
      compress: args.flags.has('compress'),
    }),
  ),
  drive_mirror: forDevice(
    'drive-mirror',
    '[-n] [-f] device target [format]',
    'initiates live storage migration for a device',
    'reuse:-n,full:-f,device:B,target:s,format:s?',
    (args) => ({
      target: args.texts.target,
      format: args.texts.format,
      sync: args.flags.has('full') ? 'full' : 'top',
      mode: reuse(args),
    }),
  ),
  snapshot_blkdev: {
    args: 'reuse:-n,device:B,snapshot-file:s?,format:s?',
    params: '[-n] device [new-image-file] [format]',
    help: 'initiates a live snapshot of a device, into a new image (qcow2 by default)',
    run: (args, context) => {
      const { device, 'snapshot-file': file, format } = args.texts;
      if (file === undefined) throw new CommandError("Parameter 'snapshot-file' is missing");
      const mode = reuse(args);
      return run('blockdev-snapshot-sync', context, { device, 'snapshot-file': file, format, mode });
    },
  },
  snapshot_blkdev_internal: forDevice(
    'blockdev-snapshot-internal-sync',
    'device name',
    'take an internal snapshot of device',
    'device:B,name:s',
    ({ texts: { name } }) => ({ name }),
  ),
  snapshot_delete_blkdev_internal: forDevice(
    'blockdev-snapshot-delete-internal-sync',
    'device name [id]',
    'delete an internal snapshot of device',
    'device:B,name:s,id:s?',
    ({ texts: { name, id } }) => ({ name, id }),
  ),
};
