import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../spec/package-root.ts';
import { LOG } from '../fuzz/campaign.ts';
import { type CommandResult, qmpcheck } from './command-line.ts';

const ENDPOINT = fileURLToPath(new URL('dist/harness/testing/planted-endpoint.js', packageRoot()));

/** A target: the model endpoint in a process of its own. */
export const SOUND = `exec:exec node '${ENDPOINT}'`;

/** The same with a defect that shows in whatever is refused. */
export const BROKEN = `${SOUND} 'error class that QMP does not know'`;

/** Campaigns of the command line, each in a folder of its own, all with one seed. */
export class CampaignFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'qmpcheck-fuzz-cli-'));

  /** The call of a campaign of one round. */
  args(name: string, ...more: readonly string[]): string[] {
    // The model endpoint has its contents in memory, whatever is in the files.
    const folder = more.some((word) => word.startsWith('exec:')) ? ['--directory', 'none'] : [];
    return ['fuzz', '--commands', '1', '--seed', 't', '--out', join(this.path, name), ...folder, ...more];
  }

  /** The log of a campaign without what depends on the machine. */
  log(name: string): string {
    return readFileSync(join(this.path, name, LOG), 'utf8').replace(
      /"(milliseconds|residentBytes)":[\d.e-]+/g,
      '',
    );
  }

  /** A campaign without end on the reference that gets a signal at once, and what it left of temporary files. */
  async interrupted(signal: NodeJS.Signals): Promise<CommandResult & { readonly left: readonly string[] }> {
    const temporary = join(this.path, `tmp-${signal}`);
    mkdirSync(temporary);
    let isTold = false;
    const result = await qmpcheck(this.args(signal, '--target', 'reference', '--commands', '100000'), {
      env: { TMPDIR: temporary },
      watch: (child) => {
        // A second one would end it at once.
        if (!isTold) isTold = child.kill(signal);
      },
    });
    return { ...result, left: readdirSync(temporary) };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
