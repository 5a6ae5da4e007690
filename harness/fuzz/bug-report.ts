/**
 * The bug report of a finding in Markdown, fit for a bug tracker: how the endpoint is started and what is sent to it, as
 * who has never heard of this program would do it by hand.
 */
import { concrete, type Program, type Step } from '../../generators/sequences/program.ts';
import type { CaseRecord } from '../../reports/record.ts';
import { count, shellWord } from '../../reports/text.ts';
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';
import type { Finding } from './findings.ts';
import { launchOf, setupLines } from './launch-command.ts';
import type { Script } from './reproduce-script.ts';
import { messageOf } from './run-program.ts';

const WHAT = {
  crash: 'The endpoint ends',
  hang: 'The endpoint stops answering',
  deviation: 'The endpoint deviates',
} as const;

const NEGOTIATION = '{"execute":"qmp_capabilities"}';

export function bugReport(
  finding: Finding,
  program: Program,
  record: CaseRecord,
  script: Pick<Script, 'mute'> | null,
): string {
  const { symptom, target, version, runs, held, seed, diff } = finding;
  const { process } = record;
  const lines = [
    `# ${symptom.bucket}`,
    '',
    `${WHAT[symptom.kind]} after ${count(program.steps.length, 'step')}.`,
    '',
    `- Endpoint: \`${target}\`, version ${release(version)}`,
  ];
  if (diff !== undefined) lines.push(`- Compared with \`${diff}\`: left is the endpoint, right is that`);
  lines.push(`- Shown by ${held} of ${runs} runs on a fresh endpoint`);
  lines.push(`- Found by a campaign with seed \`${seed}\``);
  if (process?.signal) lines.push(`- Ended by ${process.signal}`);
  if (symptom.kind === 'hang' && record.reason !== undefined) lines.push(`- ${record.reason}`);
  if (process?.inFlight !== undefined) lines.push(`- In flight: \`${here(process.inFlight)}\``);
  lines.push('', '## Start', '', ...start(finding, program, record));
  const steps = program.steps.flatMap((step, index) => [...stepLines(step, index), ...answer(record, index)]);
  lines.push('', '## Steps', '', fenced('', [NEGOTIATION, ...steps].join('\n')));
  lines.push(
    '',
    'After each command that was waited for, `query-named-block-nodes` told what the graph was.',
  );
  lines.push(...differences(record));
  if (finding.stack !== undefined) lines.push('', '## Stack', '', fenced('', finding.stack.join('\n')));
  const words = process?.lastWords ?? [];
  if (words.length > 0) lines.push('', '## Last words', '', fenced('', words.join('\n')));
  lines.push('', '## Again', '');
  if (script !== null) lines.push(...aboutScript(script));
  lines.push('`qmpcheck replay .` says REPRODUCED or FIXED.', '');
  return lines.join('\n');
}

function release(version: Json): string {
  const { qemu, package: build } = isJsonObject(version) ? version : {};
  if (!isJsonObject(qemu)) return 'unknown';
  const numbers = `${qemu.major}.${qemu.minor}.${qemu.micro}`;
  return typeof build === 'string' && build !== '' ? `${numbers} (${build})` : numbers;
}

/** In an empty folder: the images, then the endpoint. */
function start({ target }: Finding, program: Program, { transcript }: CaseRecord): string[] {
  const { argv = [], setup = [] } = transcript ?? {};
  const inFolder = (word: string): string => shellWord(here(word));
  const launch = launchOf(target);
  if (launch === null)
    return argv.length === 0 ? ['No options.'] : [fenced('sh', argv.map(inFolder).join(' '))];
  const monitors = program.steps.map((step) => (step.kind === 'call' ? step.monitor : 0));
  const chardevs = Array.from({ length: Math.max(0, ...monitors) + 1 }, (_, index) =>
    index === 0 ? 'stdio,id=m0' : `socket,id=m${index},path=m${index},server=on,wait=off`,
  );
  const command = [launch.program, ...launch.words(argv, chardevs, inFolder)].join(' \\\n  ');
  return ['In an empty folder:', '', fenced('sh', [...setup.flatMap(setupLines), command].join('\n'))];
}

/** What is sent, as it is; everything else as a comment. */
function stepLines(step: Step, index: number): string[] {
  if (step.kind !== 'call') return [`# ${doing(step)}`];
  const { monitor, pipelined } = step;
  const how = [
    ...(monitor === 0 ? [] : [`on monitor m${monitor}`]),
    ...(pipelined ? ['not waited for'] : []),
  ];
  return [
    ...(how.length === 0 ? [] : [`# ${how.join(', ')}:`]),
    stringifyJson(messageOf(step, index, '@DIR@')).replaceAll('@DIR@/', ''),
  ];
}

/** What became of a command, unless it was done. */
function answer({ transcript }: CaseRecord, index: number): string[] {
  const exchange = transcript?.steps.find(({ send = null }) => isJsonObject(send) && send.id === index);
  if (exchange === undefined) return [];
  const { reply = null } = exchange;
  if (!isJsonObject(reply)) return ['# no answer'];
  return isJsonObject(reply.error) ? [`# refused: ${here(String(reply.error.desc))}`] : [];
}

function doing(step: Exclude<Step, { kind: 'call' }>): string {
  const name = (symbol: string): string => symbol.slice(1);
  const { kind } = step;
  if (kind === 'raw') return `these bytes: ${JSON.stringify(here(concrete(step.text, '@DIR@')))}`;
  if (kind === 'sleep') return `wait ${step.milliseconds} ms`;
  if (kind === 'wait') return `wait for ${step.event}`;
  if (kind === 'overwrite')
    return `the file ${name(step.file)} is overwritten with ${step.size} bytes of ${step.byte}`;
  if (kind === 'write')
    return `${step.length} bytes of ${step.byte} are written at ${step.offset} to ${name(step.through)}, through an NBD export`;
  return 'the contents of all nodes are read';
}

function differences({ deviations }: CaseRecord): string[] {
  const told = deviations.filter(({ check }) => check !== 'crash');
  if (told.length === 0) return [];
  const lines = ['', '## What differs', ''];
  for (const { check, message, path, expected, got } of told) {
    lines.push(`- ${check}: ${message}${path === undefined ? '' : ` (${path})`}`);
    if (expected !== undefined) lines.push(`  - expected: \`${stringifyJson(expected)}\``);
    if (got !== undefined) lines.push(`  - got: \`${stringifyJson(got)}\``);
  }
  return lines;
}

function aboutScript({ mute }: Pick<Script, 'mute'>): string[] {
  const how = `\`./reproduce.sh [ENDPOINT]\` needs nothing but the endpoint, qemu-img, qemu-io and a shell.`;
  if (mute !== null) return [`${how} It plays the steps and ends with 125 (cannot tell): ${mute}.`];
  return [
    `${how} It ends with 1 if the fault is there, with 0 if it is not, and with 125 if that cannot be told, as`,
    '`git bisect run` asks.',
  ];
}

/** Names of files as they are in the folder of the run. */
function here(text: string): string {
  return text.replaceAll('@DIR@/', '').replaceAll('@DIR@', '.');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}
