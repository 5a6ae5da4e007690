/** What a process holds, from /proc. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const PAGE = 4096;

/** Null where it cannot be known. */
export interface ProcessUsage {
  /** Resident memory, bytes. */
  readonly memory: number | null;
  /** Open file descriptors. */
  readonly descriptors: number | null;
}

/** Nothing is known without the id of a process that is the endpoint's own. */
export async function processUsage(pid: number | undefined): Promise<ProcessUsage> {
  if (pid === undefined) return { memory: null, descriptors: null };
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => null);
  return { memory: await residentBytes(pid), descriptors: descriptors?.length ?? null };
}

/**
 * Files below a folder that a process has open, relative to the folder. Empty on systems without /proc, and for a process
 * that is not ours to look at. `pid` absent: this process, in which the endpoint is embedded.
 */
export async function openFiles(pid: number = process.pid, folder: string): Promise<string[]> {
  const descriptors = `/proc/${pid}/fd`;
  const entries = await readdir(descriptors).catch(() => []);
  const links = await Promise.all(entries.map((fd) => readlink(`${descriptors}/${fd}`).catch(() => '')));
  return links.filter((link) => link.startsWith(`${folder}/`)).map((link) => link.slice(folder.length + 1));
}

/** Resident memory; null on systems without /proc, and where the process has gone. */
export async function residentBytes(pid: number): Promise<number | null> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => null);
  return statm === null ? null : Number(statm.split(' ')[1]) * PAGE;
}
