/**
 * The endpoint's stderr holds no report of a sanitizer and no failed assertion. That a process ended is the
 * runner's to see; this check sees what a process survives.
 */
import type { Check } from './check.ts';

const REPORTS = [
  /ERROR: \w+Sanitizer/,
  /WARNING: ThreadSanitizer/,
  /: runtime error: /,
  /[Aa]ssertion .*failed/,
  /CRITICAL \*\*:/,
];

export function crash(): Check {
  const seen = new Set<string>();
  return {
    id: 'crash',
    title: 'The endpoint prints no sanitizer report and no failed assertion',
    before(_exchange, { process }) {
      // What was printed before this case began is not its fault.
      if (seen.size === 0) for (const line of ['', ...process.lastWords()]) seen.add(line);
    },
    end({ process, report }) {
      const line = process
        .lastWords()
        .find((text) => !seen.has(text) && REPORTS.some((kind) => kind.test(text)));
      if (line !== undefined) report({ severity: 'must', message: `stderr: ${line}` });
    },
  };
}
