/** Guest I/O without a guest: the human monitor's qemu-io. Its reply tells nothing of success. */
import type { CaseContext, Needs } from '../case.ts';

export const hmpIo: Needs = { commands: ['human-monitor-command'], capabilities: ['humanMonitor'] };

export async function qemuIo(t: CaseContext, node: string, command: string): Promise<void> {
  await t.execute('human-monitor-command', { 'command-line': `qemu-io ${node} "${command}"` });
}
