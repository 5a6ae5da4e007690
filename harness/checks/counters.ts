/** Statistics count up: none is smaller than it was when it was asked for before. */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Check } from './check.ts';

/** Those that only grow; `wr_highest_offset` belongs to the node and not to the device. */
const COUNTERS =
  /^((rd|wr|flush|unmap)_(bytes|operations|merged|total_time_ns)|(failed|invalid)_\w+_operations)$/;

export function counters(): Check {
  const before = new Map<string, ReadonlyMap<string, number | bigint>>();
  return {
    id: 'counters',
    title: 'Statistics of a device or node never run backwards',
    before({ command, request, raw }) {
      if (command?.startsWith('query-')) return;
      // What is named may be taken away, and something else get its name.
      const text = raw ?? stringifyJson(request?.arguments ?? {});
      for (const name of before.keys()) if (text.includes(name)) before.delete(name);
      if (command === 'human-monitor-command' && /drive_|device_/.test(text)) before.clear();
    },
    after({ command, replies }, { report }) {
      const list = command === 'query-blockstats' ? replies[0]?.return : undefined;
      for (const entry of Array.isArray(list) ? list.filter(isJsonObject) : []) {
        const name = nameOf(entry);
        const now = countersOf(entry);
        if (name === '') continue;
        for (const [counter, value] of now)
          if (value < (before.get(name)?.get(counter) ?? value))
            report({
              severity: 'must',
              message: `query-blockstats tells that ${counter} of a device ran backwards`,
              path: `$.stats.${counter}`,
              got: entry,
            });
        before.set(name, now);
      }
    },
  };
}

/** The device's name, or that of its node; empty where it has none. */
function nameOf({ device, 'node-name': node }: JsonObject): string {
  return String(device || node || '');
}

function countersOf({ stats }: JsonObject): Map<string, number | bigint> {
  const members: [string, Json][] = isJsonObject(stats) ? Object.entries(stats) : [];
  return new Map(
    members.filter(
      (member): member is [string, number | bigint] =>
        COUNTERS.test(member[0]) && (typeof member[1] === 'number' || typeof member[1] === 'bigint'),
    ),
  );
}
