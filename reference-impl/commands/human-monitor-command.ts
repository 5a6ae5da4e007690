/**
 * `human-monitor-command`: of the human monitor, only `qemu-io`, with which guests' requests are made without a guest.
 */
import { runQemuIo } from '../backend/qemu-io.ts';
import { CommandError, type Handler } from './handler.ts';

export const humanMonitorCommand: Handler<'human-monitor-command'> = async (args, { block }) => {
  const line = args['command-line'].trim();
  const [, name, quoted, bare] =
    /^qemu-io\s+(?:-\w\s+)?(\S+)\s+(?:"((?:[^"\\]|\\.)*)"|(\S.*))$/s.exec(line) ?? [];
  if (name === undefined) return line === '' ? '' : `unknown command: '${line.split(/\s/)[0]}'\r\n`;
  try {
    const command = quoted === undefined ? bare! : quoted.replaceAll(/\\(.)/gs, '$1');
    await runQemuIo(block.graph, block.backends.find(name), name, command);
    return '';
  } catch (error) {
    if (error instanceof CommandError) return `${error.message}\r\n`;
    throw error;
  }
};
