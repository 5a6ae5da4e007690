/** `qmpcheck compat`: what the records of several runs say side by side. */
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { asInBaseline, earlierRunOf } from '../../reports/baseline.ts';
import { buildReport } from '../../reports/compat/build.ts';
import { jsonReport } from '../../reports/compat/compat-json.ts';
import type { Compatibility } from '../../reports/compat/compat-model.ts';
import { htmlPage } from '../../reports/compat/html/page.ts';
import { MergeError, mergeRecords } from '../../reports/compat/merge.ts';
import { missingShards, missingShardsText } from '../../reports/compat/shards.ts';
import { type SiteFile, siteFiles } from '../../reports/compat/site/site.ts';
import { recordJson } from '../../reports/json.ts';
import { markdownPage } from '../../reports/markdown.ts';
import type { RunRecord } from '../../reports/record.ts';
import { printable } from '../../reports/text.ts';
import { shippedExpectations } from '../expectations/shipped-expectations.ts';
import { finishAll, makeFolder, type OutputFile, openOutput, writeOutput } from '../output-file.ts';
import { recordCases, withUpdate } from '../runner/recorded-cases.ts';
import { EXIT, type ExitCode, exitCodeOf, exitCodesHelp, UsageError } from './exit.ts';
import { type ExpectationsUpdate, openUpdate, updateFrom } from './expectation-options.ts';
import { collect } from './options.ts';
import { readRecord } from './records.ts';
import { loadVersions } from './schema-source.ts';
import type { Subcommand } from './subcommand.ts';

interface Options {
  readonly html?: string;
  readonly markdown?: string;
  readonly json?: string;
  readonly site?: string;
  readonly merge?: string;
  readonly allowMissing?: true;
  readonly updateExpectations?: string;
  readonly since: readonly string[];
  readonly schema: readonly string[];
}

type Views = Readonly<Record<'html' | 'markdown' | 'json', OutputFile | null>>;

const HELP = `
Without --html, --markdown, --json, --site or --merge it prints Markdown. On a site the last run of an endpoint (its --name, or its
target) and version counts; earlier ones are its trend. The exit code is that of the worst run; with --since only
of what that run had not yet. Where shards of a run are missing it is 2, unless --allow-missing; what there is is written.`;

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('<result.json...>', 'records as --reporter json writes them')
      .option('--html <file>', 'the report for browsers, in one file')
      .option('--markdown <file>', 'the summary for a CI page')
      .option('--json <file>', 'the report for machines')
      .option(
        '--site <dir>',
        'a static site: all endpoints and versions, their trends, a page and a badge for each',
      )
      .option(
        '--since <old.json>',
        'what changed since this earlier run of a target; repeatable',
        collect,
        [],
      )
      .option(
        '--schema <schema>',
        'another version for the drift, as `schema diff` takes it; repeatable',
        collect,
        [],
      )
      .option('--merge <file>', 'the records are shards of one run: write them as one')
      .option('--allow-missing', 'take it that shards of a run are missing')
      .addOption(
        new Option(
          '--update-expectations <file>',
          'write down in this file what failed, as `run` does with it',
        ),
      )
      .addHelpText('after', HELP)
      .addHelpText('after', exitCodesHelp('a run failed or was given up'))
      .action(async (files: string[], options: Options) => done(await compat(files, options))),
};

async function compat(files: readonly string[], options: Options): Promise<ExitCode> {
  const { html, markdown, json, site, merge: merged } = options;
  const open = (file: string | undefined) => (file === undefined ? null : openOutput(file));
  const views = { html: open(html), markdown: open(markdown), json: open(json) };
  const mergedFile = open(merged);
  const update = openUpdate(options.updateExpectations);
  const since = options.since.map(readRecord);
  const versions = await loadVersions(options.schema);
  const read = files.map(readRecord);
  const whole = merged === undefined ? read : [merge(read)];
  checkSince(whole, since, options.since);
  const compared = whole.map((record) => knownFrom(record, earlierRunOf(record, whole, since)));
  const records = update === undefined ? compared : recordAll(compared, update);
  mergedFile?.write(recordJson(whole[0]!));
  writeViews(
    () => buildReport(records, { since, versions }),
    views,
    mergedFile === null && site === undefined,
  );
  const outputs = [mergedFile, ...Object.values(views), update?.output ?? null];
  finishAll(outputs.filter((file) => file !== null));
  if (site !== undefined) writeSite(site, siteFiles(records, versions));
  const missing = missingShards(records);
  if (missing.length > 0 && options.allowMissing !== true)
    throw new UsageError(
      missing
        .map((one) => `${printable(one.target)}: ${missingShardsText(one)} (see --allow-missing)`)
        .join('\n'),
    );
  return worst(records.map(exitCodeOf));
}

function merge(records: readonly RunRecord[]): RunRecord {
  try {
    return mergeRecords(records);
  } catch (error) {
    if (error instanceof MergeError) throw new UsageError(error.message);
    throw error;
  }
}

function writeViews(build: () => Compatibility, { html, markdown, json }: Views, print: boolean): void {
  const asked = (html ?? markdown ?? json) !== null;
  if (!asked && !print) return;
  const report = build();
  html?.write(htmlPage(report));
  markdown?.write(markdownPage(report));
  json?.write(jsonReport(report));
  if (!asked) process.stdout.write(markdownPage(report));
}

/** Puts each file in place as a whole; others in the folder stay. */
function writeSite(folder: string, files: readonly SiteFile[]): void {
  for (const { path, text } of files) {
    const file = join(folder, path);
    makeFolder(dirname(file));
    writeOutput(file, text);
  }
}

/** Throws `UsageError` for an earlier run that is of none of the records; where there is one of each, it is only told. */
function checkSince(
  records: readonly RunRecord[],
  since: readonly RunRecord[],
  files: readonly string[],
): void {
  const used = records.map((record) => earlierRunOf(record, records, since));
  for (const [index, old] of since.entries()) {
    const target = printable(old.endpoint.target);
    if (!used.includes(old))
      throw new UsageError(`--since ${files[index]}: none of the records is of its target, ${target}`);
    const isOfSame = records.some(({ endpoint }) => endpoint.target === old.endpoint.target);
    if (!isOfSame)
      process.stderr.write(`qmpcheck: warning: ${files[index]} is of another target: ${target}\n`);
  }
}

/** The record, in which what was so in the earlier run of its endpoint is foreseen. */
function knownFrom(record: RunRecord, before: RunRecord | undefined): RunRecord {
  return { ...record, cases: record.cases.map((one) => asInBaseline(one, before, record.policy)) };
}

/** Brings the file to what the records show, one after the other; gives them as they are known then. */
function recordAll(records: readonly RunRecord[], update: ExpectationsUpdate): RunRecord[] {
  let { text } = update;
  const recorded = records.map((record) => {
    const updated = recordCases(record, updateFrom({ ...update, text }, shippedExpectations()));
    text = updated.text;
    return withUpdate(record, updated);
  });
  update.output.write(text);
  return recorded;
}

function worst(codes: readonly ExitCode[]): ExitCode {
  return [EXIT.interrupted, EXIT.fault, EXIT.unexpected].find((code) => codes.includes(code)) ?? EXIT.ok;
}
