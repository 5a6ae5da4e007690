/** A campaign's folder belongs to one process at a time: two would write one log. */
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../input-error.ts';
import { writeOutput } from '../output-file.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

const LOCK = 'campaign.lock';

/**
 * Takes the folder, which exists, and gives the function that lets it go. The lock of a process of this host that is no more
 * is taken over. Throws `InputError` if another campaign runs there, as far as can be told,
 * `OutputError` if it cannot be written to.
 */
export function lockCampaign(folder: string): () => void {
  const lock = join(folder, LOCK);
  const own = `${lock}.${process.pid}`;
  const me: Holder = { pid: process.pid, host: hostname() };
  writeOutput(own, `${JSON.stringify(me)}\n`);
  try {
    while (!linked(own, lock)) {
      const holder = holderOf(lock);
      if (holder === null) continue;
      if (holder.host !== me.host)
        throw new InputError(
          `${folder}: a campaign on host ${holder.host} (process ${holder.pid}) has this folder; remove ${lock} if it has ended`,
        );
      if (isAlive(holder.pid))
        throw new InputError(`${folder}: another campaign runs in this folder (process ${holder.pid})`);
      takeAway(lock, own, holder);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(lock, { force: true });
}

/** False if there is one already: the contents come with the name, so that nobody reads half of them. */
function linked(own: string, lock: string): boolean {
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null if it has just gone. What nobody can read is of nobody. */
function holderOf(lock: string): Holder | null {
  try {
    const { pid, host } = JSON.parse(readFileSync(lock, 'utf8')) as Partial<Holder>;
    return { pid: Number(pid ?? 0), host: String(host ?? hostname()) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SyntaxError) return { pid: 0, host: hostname() };
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Of several who want to, one gets it out of the way. */
function takeAway(lock: string, own: string, stale: Holder): void {
  const aside = `${own}.stale`;
  try {
    renameSync(lock, aside);
    // Another was faster, and this is the lock that it has made.
    if (holderOf(aside)?.pid !== stale.pid) linked(aside, lock);
    rmSync(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
