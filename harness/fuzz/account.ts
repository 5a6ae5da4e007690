/** The account of a finding in Markdown, fit for a bug tracker. */
import { encodeStep } from '../../generators/sequences/encoding.ts';
import type { Program } from '../../generators/sequences/program.ts';
import type { CaseRecord } from '../../reports/record.ts';
import { isJsonObject, stringifyJson } from '../../spec/json.ts';
import type { Finding } from './findings.ts';

const WHAT = {
  crash: 'The endpoint ends',
  hang: 'The endpoint stops answering',
  deviation: 'The endpoint deviates',
} as const;

export function account(finding: Finding, program: Program, record: CaseRecord, hasScript: boolean): string {
  const { symptom, target, version, runs, held, seed } = finding;
  const qemu = isJsonObject(version) && isJsonObject(version.qemu) ? version.qemu : null;
  const release = qemu === null ? 'unknown' : `${qemu.major}.${qemu.minor}.${qemu.micro}`;
  const { process, deviations } = record;
  const lines = [
    `# ${symptom.bucket}`,
    '',
    `${WHAT[symptom.kind]} after ${program.steps.length} step(s).`,
    '',
    `- Endpoint: \`${target}\`, version ${release}`,
    ...(finding.diff === undefined
      ? []
      : [`- Compared with \`${finding.diff}\`: left is the endpoint, right is that`]),
    `- Shown by ${held} of ${runs} runs on a fresh endpoint`,
    `- Found by a campaign with seed \`${seed}\``,
  ];
  if (process?.signal) lines.push(`- Ended by ${process.signal}`);
  if (process?.inFlight !== undefined) lines.push(`- In flight: \`${process.inFlight}\``);
  const argv = record.transcript?.argv ?? [];
  lines.push(
    '',
    '## Start',
    '',
    argv.length === 0 ? 'No options.' : fenced('sh', argv.map(quoted).join(' ')),
  );
  lines.push('', '## Steps', '', fenced('', program.steps.map(encodeStep).join('\n')));
  lines.push('', '`$f0` is a file in the working folder, every other `$` name a name.');
  if (deviations.length > 0) {
    lines.push('', '## What differs', '');
    for (const { check, message, path, expected, got } of deviations) {
      lines.push(`- ${check}: ${message}${path === undefined ? '' : ` (${path})`}`);
      if (expected !== undefined) lines.push(`  - expected: \`${stringifyJson(expected)}\``);
      if (got !== undefined) lines.push(`  - got: \`${stringifyJson(got)}\``);
    }
  }
  const words = process?.lastWords ?? [];
  if (words.length > 0) lines.push('', '## Last words', '', fenced('', words.join('\n')));
  lines.push('', '## Again', '');
  if (hasScript) lines.push('`./reproduce.sh [ENDPOINT]` needs nothing but the endpoint and a shell.');
  lines.push('`qmpcheck replay .` says REPRODUCED or FIXED.', '');
  return lines.join('\n');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
