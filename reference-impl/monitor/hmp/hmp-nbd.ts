/** Commands of the human monitor for the NBD server. */

import { type CommandContext, CommandError } from '../../commands/handler.ts';
import type { HumanCommands } from './human-command.ts';
import { run } from './run-command.ts';

async function start(
  address: string,
  all: boolean,
  writable: boolean,
  context: CommandContext,
): Promise<string> {
  if (writable && !all) throw new CommandError('-w only valid together with -a');
  const [, host, port] = /^(.*):([^:]+)$/.exec(address) ?? [];
  if (host === undefined || port === undefined) throw new CommandError(`error parsing address '${address}'`);
  const addr = { type: 'inet', data: { host: host.replace(/^\[(.*)\]$/, '$1'), port } } as const;
  await run('nbd-server-start', context, { addr });
  if (!all) return '';
  try {
    for (const { name, node } of context.block.backends.named)
      if (node) await run('nbd-server-add', context, { device: name, writable });
  } catch (error) {
    await run('nbd-server-stop', context);
    throw error;
  }
  return '';
}

export const nbdCommands: HumanCommands = {
  nbd_server_add: {
    args: 'writable:-w,device:B,name:s?',
    params: 'nbd_server_add [-w] device [name]',
    help: 'export a block device via NBD',
    run: ({ texts: { device, name }, flags }, context) =>
      run('nbd-server-add', context, { device, writable: flags.has('writable'), name }),
  },
  nbd_server_remove: {
    args: 'force:-f,name:s',
    params: 'nbd_server_remove [-f] name',
    help: 'remove an export previously exposed via NBD',
    run: ({ texts: { name }, flags }, context) =>
      run('nbd-server-remove', context, { name, mode: flags.has('force') ? 'hard' : 'safe' }),
  },
  nbd_server_start: {
    args: 'all:-a,writable:-w,uri:s',
    params: 'nbd_server_start [-a] [-w] host:port',
    help: 'serve block devices on the given host and port',
    run: ({ texts: { uri }, flags }, context) =>
      start(uri!, flags.has('all'), flags.has('writable'), context),
  },
  nbd_server_stop: {
    args: '',
    params: 'nbd_server_stop',
    help: 'stop serving block devices using the NBD protocol',
    run: (_args, context) => run('nbd-server-stop', context),
  },
};
