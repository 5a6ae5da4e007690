/** What a campaign has found so far, from its log: a line a bucket, then totals. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LOG } from './campaign.ts';
import { readLog } from './campaign-log.ts';

/** No campaign in that folder. */
export class NoCampaign extends Error {
  override readonly name = 'NoCampaign';
}

/** Lines without their ends. Throws `NoCampaign`. */
export function statusLines(out: string): string[] {
  const path = join(out, LOG);
  if (!existsSync(path)) throw new NoCampaign(`${out}: no campaign`);
  const hits = new Map<string, number>();
  const findings: { readonly bucket: string; readonly about: string }[] = [];
  /** What each bucket that was seen turned out to be: one thing, or now this, now that. */
  const names = new Map<string, Set<string>>();
  const unfinished = new Set<string>();
  const totals = { crash: 0, hang: 0, deviation: 0, programs: 0, commands: 0, seconds: 0 };
  for (const line of readLog(path)) {
    if (line.type === 'round') {
      totals.programs += line.programs;
      totals.commands += line.commands;
      totals.seconds += line.milliseconds / 1000;
      for (const [bucket, count] of Object.entries(line.hits))
        hits.set(bucket, (hits.get(bucket) ?? 0) + count);
    } else if (line.type === 'unfinished') unfinished.add(line.symptom.bucket);
    else if (line.type === 'finding') {
      unfinished.delete(line.seen);
      if (line.rate !== '0') names.set(line.seen, (names.get(line.seen) ?? new Set()).add(line.bucket));
      if (line.folder === null) continue;
      totals[line.kind] += 1;
      const place = line.top === undefined ? '' : `, in ${line.top}`;
      const about = `${line.steps} steps, rate ${line.rate}, findings/${line.folder}${place}`;
      findings.push({ bucket: line.bucket, about });
    }
  }
  const hitsOf = (bucket: string): string => {
    const its = [...hits].filter(([seen]) => names.get(seen)?.has(bucket) ?? seen === bucket);
    const most = its.some(([seen]) => (names.get(seen)?.size ?? 1) > 1) ? 'at most ' : '';
    return `${most}${its.reduce((sum, [, count]) => sum + count, 0)} hits`;
  };
  const lines = findings.map(({ bucket, about }) => `${bucket} (${hitsOf(bucket)}, ${about})`);
  const { crash, hang, deviation, programs, commands, seconds } = totals;
  return [
    ...lines.toSorted(),
    ...[...unfinished].map((bucket) => `${bucket} (not looked into yet)`),
    `total: ${crash} crash, ${hang} hang, ${deviation} deviation; ` +
      `${programs} programs, ${commands} commands, ${Math.round(seconds)} s`,
  ];
}
