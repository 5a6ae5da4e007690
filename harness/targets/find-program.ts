/** Finds programs the way a shell does. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Null if `command` (a path, or a name to look up in PATH) can be executed, else why not. */
export async function missingProgram(command: string): Promise<string | null> {
  const isPath = command.includes('/');
  const folders = isPath ? [''] : (process.env.PATH ?? '').split(delimiter);
  for (const folder of folders) {
    try {
      await access(join(folder, command), constants.X_OK);
      return null;
    } catch {
      // Try the next folder.
    }
  }
  return isPath ? `${command}: not an executable file` : `${command}: not found in PATH`;
}
