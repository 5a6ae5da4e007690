/**
 * A share of the processors for each thread of a campaign. A thread and its endpoint take turns; left alone, the
 * scheduler often lets two such pairs wait for one processor while another rests.
 */
import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';

export interface Share {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/**
 * Keeps this thread, and every process that it starts from now on, to its share of the processors that it may run on.
 * For speed only: where the system does not offer it, or has fewer processors than there are shares, nothing happens.
 */
export async function keepToShare(share: Share): Promise<void> {
  const own = processorsOf(share, allowed());
  if (own.length === 0) return;
  try {
    const thread = basename(readlinkSync('/proc/thread-self'));
    await promisify(execFile)('taskset', ['-p', '-c', own.join(','), thread]);
  } catch {
    // No such system, or no such tool.
  }
}

/** As equal as may be, and together all; none if they do not go round. */
export function processorsOf({ index, of }: Share, processors: readonly number[]): number[] {
  if (processors.length < of) return [];
  const start = (part: number): number => Math.floor((part * processors.length) / of);
  return processors.slice(start(index), start(index + 1));
}

/** Reads a list as `0-3,8,10-11`. */
export function parseProcessors(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, offset) => first! + offset);
  });
}

function allowed(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1];
    return list === undefined ? [] : parseProcessors(list);
  } catch {
    return [];
  }
}
