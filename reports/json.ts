/** `json`: the run record as one JSON document, integers exact. Its schema is `docs/record.schema.json`. */
import { type Json, stringifyJson } from '../spec/json.ts';
import type { ReporterFactory } from './reporter.ts';

export const json: ReporterFactory = ({ out }) => ({
  end(record) {
    // A record is JSON by construction; its readonly interfaces only lack the index signature.
    out(`${stringifyJson(record as unknown as Json, 2)}\n`);
  },
});
