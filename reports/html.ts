/** `html`: the compatibility report of one endpoint, as one file for browsers. */
import { buildReport } from './compat/build.ts';
import { htmlPage } from './compat/html/page.ts';
import type { ReporterFactory } from './reporter.ts';

export const html: ReporterFactory = ({ out }) => ({
  end(record) {
    out(htmlPage(buildReport([record])));
  },
});
