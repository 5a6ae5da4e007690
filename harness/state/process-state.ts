/**
 * What a process holds, from /proc. It is read synchronously, as nothing of it waits for a disk: a thread for each file takes
 * many times as long.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const PAGE = 4096;

/** Null where it cannot be known. */
export interface ProcessUsage {
  /** Resident memory, bytes. */
  readonly memory: number | null;
  /** Open file descriptors. */
  readonly descriptors: number | null;
}

/** Reads what a process uses; nulls without the id of a process that is the endpoint's own. */
export function processUsage(pid: number | undefined): ProcessUsage {
  if (pid === undefined) return { memory: null, descriptors: null };
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`));
  return { memory: residentBytes(pid), descriptors: descriptors?.length ?? null };
}

/**
 * Files below a folder that a process has open, relative to the folder. Empty on systems without /proc, and for a process
 * that is not ours to look at. `pid` absent: this process, in which the endpoint is embedded.
 */
export function openFiles(pid: number = process.pid, folder: string): string[] {
  const descriptors = `/proc/${pid}/fd`;
  const inside: string[] = [];
  for (const fd of attempt(() => readdirSync(descriptors)) ?? []) {
    const link = attempt(() => readlinkSync(`${descriptors}/${fd}`));
    if (link?.startsWith(`${folder}/`)) inside.push(link.slice(folder.length + 1));
  }
  return inside;
}

/** Where standard input, output and error of a process lead; null for one that is closed, and where it cannot be known. */
export function standardStreams(pid: number): (string | null)[] {
  return [0, 1, 2].map((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? null);
}

/** Undefined where the process or the descriptor has gone. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Resident memory; null on systems without /proc, and where the process has gone. */
export function residentBytes(pid: number): number | null {
  const statm = attempt(() => readFileSync(`/proc/${pid}/statm`, 'utf8'));
  return statm === undefined ? null : Number(statm.split(' ')[1]) * PAGE;
}
