/** What a case made and took back has gone: nodes, jobs, bitmaps, open files, memory. What was open is still there, and what the endpoint was started with. */
import { removedName } from '../state/held-resources.ts';
import type { Check } from './check.ts';

/** Growth of resident memory over one case beyond which it is reported. Coarse: caches and pools are legal. */
const MEMORY_GROWTH = 256 * 2 ** 20;

const KINDS = [
  ['nodes', 'node'],
  ['jobs', 'job'],
  ['bitmaps', 'dirty bitmap'],
  ['openFiles', 'open file'],
] as const;

const STREAMS = ['input', 'output', 'error'] as const;

export function leftovers(): Check {
  // What raw bytes made is in no ledger, and is not taken back.
  let raw = false;
  return {
    id: 'leftovers',
    title: 'Nothing is left of what was deleted again',
    after(exchange) {
      if (exchange.raw !== undefined && exchange.replies.some((reply) => 'return' in reply)) raw = true;
    },
    end({ held, report }) {
      if (held === undefined || raw) return;
      const { before, after } = held;
      const removed = after.openFiles.filter((name) => isRemoved(name, before.openFiles));
      for (const name of removed)
        report({
          severity: 'must',
          message: `the endpoint removed a file that it has open: ${removedName(name)}`,
          got: name,
        });
      for (const [kind, word] of KINDS) {
        const left = after[kind].filter((name) => !(before[kind].includes(name) || removed.includes(name)));
        if (left.length > 0)
          report({
            severity: 'must',
            message: `left over after clean-up: ${word} ${left.join(', ')}`,
            got: left,
          });
      }
      for (const [fd, stream] of STREAMS.entries()) {
        const [was, is] = [before.standardStreams[fd], after.standardStreams[fd]];
        // The next file that it opens takes the place.
        if (typeof was === 'string' && is !== was)
          report({
            severity: 'must',
            message: `the endpoint closed its standard ${stream}`,
            got: is ?? null,
          });
      }
      const growth = (after.residentBytes ?? 0) - (before.residentBytes ?? 0);
      if (growth > MEMORY_GROWTH)
        report({
          severity: 'should',
          message: `memory grew by ${Math.round(growth / 2 ** 20)} MiB`,
          got: growth,
        });
    },
  };
}

/** It was open under its name before, and is open without one. */
function isRemoved(name: string, before: readonly string[]): boolean {
  const was = removedName(name);
  return was !== null && before.includes(was);
}
