/** Records that the command line names. */
import type { RunRecord } from '../../reports/record.ts';
import { isJsonObject, parseJson } from '../../spec/json.ts';
import { UsageError } from './exit.ts';
import { readText } from './files.ts';

/** Throws `UsageError` if the file is none that `--reporter json` writes. */
export function readRecord(file: string): RunRecord {
  try {
    const record = parseJson(readText(file));
    if (isJsonObject(record) && record.recordVersion === 1 && Array.isArray(record.cases))
      return record as unknown as RunRecord;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`${file}: no record as --reporter json writes it`);
}
