/** Commands of the human monitor for drives, their media and the machine. */
import { runQemuIo } from '../../backend/qemu-io.ts';
import { type CommandContext, CommandError } from '../../commands/handler.ts';
import { typedDefinition } from '../../graph/definition.ts';
import { addDrive } from '../../options/drive.ts';
import { nest } from '../../qapi/keyval.ts';
import { parseFlat } from '../../qapi/opts.ts';
import type { HumanCommands } from './human-command.ts';
import { run } from './run-command.ts';

async function addNode(text: string, { block }: CommandContext): Promise<string> {
  const flat = Object.fromEntries(parseFlat(text));
  await block.add(typedDefinition(block.graph.drivers, nest(flat)));
  return '';
}

/** A drive without an id gets the next name that is free. */
function withId(opts: string, { block }: CommandContext): string {
  if (parseFlat(opts).has('id')) return opts;
  let number = 0;
  while (block.backends.isTaken(`none${number}`)) number += 1;
  return `${opts},id=none${number}`;
}

async function deleteDrive(name: string, { block }: CommandContext): Promise<string> {
  const drive = block.backends.find(name);
  if (!drive) {
    if (!block.graph.find(name)) throw new CommandError(`Device '${name}' not found`);
    await block.delete(name);
    return '';
  }
  if (drive.node) block.graph.assertUnblocked(drive.node);
  // A device that uses it goes on, without a medium.
  if (drive.device) await drive.delete();
  else await block.backends.remove(drive);
  return '';
}

export const driveCommands: HumanCommands = {
  change: {
    args: 'device:B,target:F,format:s?,read-only-mode:s?',
    params: 'device filename [format [read-only-mode]]',
    help: 'change a removable medium, optional format',
    run: ({ texts: { device, target: filename, format, 'read-only-mode': mode } }, context) => {
      if (mode !== undefined && !['retain', 'read-only', 'read-write'].includes(mode))
        throw new CommandError(`invalid parameter value: ${mode}`);
      return run('blockdev-change-medium', context, { device, filename, format, 'read-only-mode': mode });
    },
  },
  'cont|c': {
    args: '',
    params: '',
    help: 'resume emulation',
    run: (_args, context) => run('cont', context),
  },
  drive_add: {
    args: 'node:-n,address:s,opts:s',
    params: '[-n] [[<domain>:]<bus>:]<slot> options',
    help: 'add drive to PCI storage controller',
    run: async ({ texts: { opts }, flags }, context) => {
      if (flags.has('node')) return addNode(opts!, context);
      await addDrive(withId(opts!, context), context.block);
      return 'OK\n';
    },
  },
  drive_del: {
    args: 'device:B',
    params: 'device',
    help: 'remove host block device',
    run: ({ texts: { device } }, context) => deleteDrive(device!, context),
  },
  eject: {
    args: 'force:-f,device:B',
    params: '[-f] device',
    help: 'eject a removable medium (use -f to force it)',
    run: ({ texts: { device }, flags }, context) =>
      run('eject', context, { device, force: flags.has('force') }),
  },
  'qemu-io': {
    args: 'isId:-d,device:B,command:s',
    params: '[-d] [device] "[command]"',
    help: 'run a qemu-io command on a block device\n\t\t\t-d: [device] is a device ID rather than a drive ID or node name',
    run: async ({ texts: { device, command }, flags }, { block, devices, jobs }) => {
      const backend = flags.has('isId')
        ? devices.drive(undefined, device).backend
        : block.backends.find(device!);
      await runQemuIo(block.graph, backend, device!, command!, (until) => jobs.letWork(until));
      return '';
    },
  },
  'quit|q': {
    args: '',
    params: '',
    help: 'quit the emulator',
    run: (_args, context) => run('quit', context),
  },
  'stop|s': {
    args: '',
    params: '',
    help: 'stop emulation',
    run: (_args, context) => run('stop', context),
  },
};
