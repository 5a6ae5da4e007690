/** Commands of the human monitor for drives, their media and the machine. */
import { runQemuIo } from '../../backend/qemu-io.ts';
import { type CommandContext, CommandError } from '../../commands/handler.ts';
import { commands } from '../../commands/index.ts';
import { typedDefinition } from '../../graph/definition.ts';
import { addDrive } from '../../options/drive.ts';
import { nest, splitOptions } from '../../qapi/keyval.ts';
import type { HumanCommands } from './human-command.ts';

const NEGOTIATED = { negotiated: true };

async function addNode(text: string, { block }: CommandContext): Promise<string> {
  const flat = splitOptions(text).map((option) => {
    const equals = option.indexOf('=');
    return equals < 0 ? [option, 'on'] : [option.slice(0, equals), option.slice(equals + 1)];
  });
  await block.add(typedDefinition(block.graph.drivers, nest(Object.fromEntries(flat))));
  return '';
}

/** A drive without an id gets the next name that is free. */
function withId(opts: string, { block }: CommandContext): string {
  if (splitOptions(opts).some((option) => option.startsWith('id='))) return opts;
  let number = 0;
  while (block.backends.find(`none${number}`)) number += 1;
  return `${opts},id=none${number}`;
}

async function deleteDrive(name: string, { block }: CommandContext): Promise<string> {
  const drive = block.backends.find(name);
  if (!drive) {
    if (!block.graph.find(name)) throw new CommandError(`Device '${name}' not found`);
    await block.delete(name);
    return '';
  }
  if (drive.node) block.graph.assertAllowed(drive.node, 'drive-del');
  // A device that uses it goes on, without a medium.
  if (drive.device) await drive.eject();
  else await block.backends.remove(drive);
  return '';
}

export const driveCommands: HumanCommands = {
  change: {
    args: 'device:B,target:F,format:s?,read-only-mode:s?',
    params: 'device filename [format [read-only-mode]]',
    help: 'change a removable medium, optional format',
    run: async ({ texts: { device, target, format, 'read-only-mode': mode } }, context) => {
      const args = {
        device: device!,
        filename: target!,
        ...(format === undefined ? {} : { format }),
        ...(mode === undefined ? {} : { 'read-only-mode': mode as 'retain' }),
      };
      if (mode !== undefined && !['retain', 'read-only', 'read-write'].includes(mode))
        throw new CommandError(`invalid parameter value: ${mode}`);
      await commands['blockdev-change-medium'](args, context, NEGOTIATED);
      return '';
    },
  },
  'cont|c': {
    args: '',
    params: '',
    help: 'resume emulation',
    run: async (_args, context) => {
      await commands.cont({}, context, NEGOTIATED);
      return '';
    },
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
    run: async ({ texts: { device }, flags }, context) => {
      await commands.eject({ device: device!, force: flags.has('force') }, context, NEGOTIATED);
      return '';
    },
  },
  'qemu-io': {
    args: 'isId:-d,device:B,command:s',
    params: '[-d] [device] "[command]"',
    help: 'run a qemu-io command on a block device\n\t\t\t-d: [device] is a device ID rather than a drive ID or node name',
    run: async ({ texts: { device, command }, flags }, { block, devices }) => {
      if (flags.has('isId')) {
        await runQemuIo(block.graph, devices.drive(undefined, device).backend, device!, command!);
        return '';
      }
      await runQemuIo(block.graph, block.backends.find(device!), device!, command!);
      return '';
    },
  },
  'quit|q': {
    args: '',
    params: '',
    help: 'quit the emulator',
    run: (_args, context) => {
      context.shutdown();
      return '';
    },
  },
  'stop|s': {
    args: '',
    params: '',
    help: 'stop emulation',
    run: async (_args, context) => {
      await commands.stop({}, context, NEGOTIATED);
      return '';
    },
  },
};
