/** What people type at the human monitor; and guest I/O without a guest: its qemu-io, whose reply tells nothing of success. */
import type { Json } from '../../../spec/json.ts';
import type { CaseContext, Needs } from '../case.ts';

/** What a case needs to cause guest I/O through the human monitor. */
export const hmpIo: Needs = { commands: ['human-monitor-command'], capabilities: ['humanMonitor'] };

/** Gives what the human monitor prints for a line. */
export function typed(t: CaseContext, line: string): Promise<Json> {
  return t.execute('human-monitor-command', { 'command-line': line });
}

/** Runs one command of qemu-io on a node: `write -P 0x11 0 64k`. Resolves whether or not the I/O succeeded. */
export async function qemuIo(t: CaseContext, node: string, command: string): Promise<void> {
  await typed(t, `qemu-io ${node} "${command}"`);
}
