/** A block device of the host: a loop device over a file of the case's own. Takes a user who may make one. */
import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CaseContext } from '../../case.ts';
import { type CaseFile, makeFile } from '../shared-setup.ts';

const run = promisify(execFile);

/** A device over a file. */
export interface LoopDevice {
  /** Name of the device as the endpoint sees it: a link in the scratch folder, so that nothing else can be meant. */
  readonly path: string;
  /** What it keeps its data in. */
  readonly file: CaseFile;
}

/** Makes a device that holds `content`. It is gone when the case ends. Skips the case where none can be made. */
export async function makeLoopDevice(t: CaseContext, content: Uint8Array): Promise<LoopDevice> {
  const file = await makeFile(t, content);
  const device = await run('losetup', ['--find', '--show', file.local]).then(
    ({ stdout }) => stdout.trim(),
    (error: Error) =>
      t.skip(`needs a loop device, and this user cannot make one: ${lastLine(error.message)}`),
  );
  t.cleanup(async () => {
    await run('losetup', ['--detach', device]);
  });
  const name = t.name('device');
  await symlink(device, join(t.scratch, name));
  return { path: `${t.dir}/${name}`, file };
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)!;
