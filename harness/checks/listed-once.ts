/** A query lists each thing once: nodes, drives, jobs, exports, and the bitmaps of each node. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Check } from './check.ts';

/** By which members, where they are not empty, an entry of a query differs from all others. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  'query-named-block-nodes': ['node-name'],
  'query-block': ['device', 'qdev'],
  'query-blockstats': ['device', 'qdev'],
  'query-block-jobs': ['device'],
  'query-jobs': ['id'],
  'query-block-exports': ['id'],
  'query-iothreads': ['id'],
  'query-chardev': ['label'],
  'query-commands': ['name'],
  'query-events': ['name'],
};

const BITMAPS = 'dirty-bitmaps';

export function listedOnce(): Check {
  return {
    id: 'listed-once',
    title: 'A query lists nothing twice',
    after({ command = '', arguments: args, replies: [reply] }, { report }) {
      // Nodes are listed by themselves then, and not as what a device has.
      const ofNodes = command === 'query-blockstats' && args?.['query-nodes'] === true;
      const telling = ofNodes ? ['node-name'] : TELLING[command];
      if (telling === undefined) return;
      const entries = objects(reply?.return);
      const twice = (what: string, path: string, got: JsonObject): void =>
        report({ severity: 'must', message: `${command} lists ${what} twice`, path, got });
      for (const member of telling)
        for (const at of repeated(entries, member))
          twice(`what has the same ${member}`, `$.return[${at}].${member}`, entries[at]!);
      for (const [index, entry] of entries.entries())
        for (const [holder, path] of [
          [entry, ''],
          [entry.inserted, '.inserted'],
        ] as const) {
          const bitmaps = isJsonObject(holder) ? objects(holder[BITMAPS]) : [];
          for (const at of repeated(bitmaps, 'name'))
            twice('a bitmap', `$.return[${index}]${path}.${BITMAPS}[${at}].name`, bitmaps[at]!);
        }
    },
  };
}

function objects(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** Indexes of entries whose value of `member` an earlier one has. */
function repeated(entries: readonly JsonObject[], member: string): number[] {
  const values = entries.map((entry) => entry[member]);
  return values.flatMap((value, index) =>
    typeof value === 'string' && value !== '' && values.indexOf(value) < index ? [index] : [],
  );
}
