/** Guest I/O without a guest: the human monitor's qemu-io. Its reply tells nothing of success. */
import type { CaseContext, Needs } from '../case.ts';

/** What a case needs to cause guest I/O through the human monitor. */
export const hmpIo: Needs = { commands: ['human-monitor-command'], capabilities: ['humanMonitor'] };

/** Runs one command of qemu-io on a node: `write -P 0x11 0 64k`. Resolves whether or not the I/O succeeded. */
export async function qemuIo(t: CaseContext, node: string, command: string): Promise<void> {
  await t.execute('human-monitor-command', { 'command-line': `qemu-io ${node} "${command}"` });
}
