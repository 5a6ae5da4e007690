/** `qmpcheck replay`: transcripts, programs, findings, or folders of them, on a target. */
import picocolors from 'picocolors';
import { abortOnSignals } from '../cleanup.ts';
import { type Finding, findingsBelow } from '../fuzz/findings.ts';
import type { PreparedCampaign } from '../fuzz/prepare-campaign.ts';
import type { ProgramRunner } from '../fuzz/program-executor.ts';
import { replayFindings } from '../fuzz/replay-finding.ts';
import { programsBelow, replayPrograms } from '../fuzz/replay-program.ts';
import { replay, type Verdict } from '../runner/replay/replay-transcripts.ts';
import { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';
import { onTarget } from './call-faults.ts';
import { executorFor, identifyDiffTarget } from './diff-target.ts';
import { EXIT, type ExitCode, exitCodesHelp, interruptedBy, UsageError } from './exit.ts';
import { loadExpectations } from './expectation-options.ts';
import { workersOption } from './options.ts';
import type { Subcommand } from './subcommand.ts';
import {
  CONFIG_OPTION,
  DIRECTORY_OPTION,
  SCHEMA_OPTION,
  type TargetOptions,
  targetOption,
  usableTarget,
  WAIT_OPTION,
} from './target-option.ts';

/** Verdicts on transcripts, then on programs and findings, in the order of the totals. */
const VERDICTS = ['MATCH', 'DIFFERS', 'SKIPPED', 'ERROR', 'PASSES', 'FAILS', 'REPRODUCED', 'FIXED'] as const;
type AnyVerdict = (typeof VERDICTS)[number];

interface Result {
  readonly file: string;
  readonly verdict: AnyVerdict;
  readonly reason: string | null;
}

interface Options extends TargetOptions {
  readonly target?: string;
  readonly json?: true;
  readonly workers: number;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('<file...>', 'transcripts, programs (program.txt), findings, or folders that hold some')
      .option(
        '--target <target>',
        'what to replay them on (default: reference; a finding: where it was found)',
      )
      .addOption(CONFIG_OPTION)
      .addOption(SCHEMA_OPTION)
      .addOption(DIRECTORY_OPTION)
      .addOption(WAIT_OPTION)
      .option('--json', 'results as one JSON document')
      .addOption(workersOption('transcripts'))
      .addHelpText('after', exitCodesHelp('DIFFERS, FAILS or REPRODUCED'))
      .action(async (files: string[], options: Options) => done(await replayFiles(files, options))),
};

async function replayFiles(paths: readonly string[], options: Options): Promise<ExitCode> {
  const interruption = abortOnSignals();
  const colors = picocolors.createColors(process.stdout.isTTY === true && process.env.NO_COLOR === undefined);
  const paint: Record<AnyVerdict, (text: string) => string> = {
    MATCH: colors.green,
    DIFFERS: colors.red,
    SKIPPED: colors.dim,
    ERROR: colors.yellow,
    PASSES: colors.green,
    FAILS: colors.red,
    REPRODUCED: colors.red,
    FIXED: colors.green,
  };
  const print = ({ file, verdict, reason }: Result): void => {
    const lines = reason?.split('\n') ?? [];
    const separator = verdict === 'DIFFERS' || lines.length > 1 ? '\n    ' : ': ';
    const told = reason === null ? '' : separator + lines.join('\n    ');
    process.stdout.write(`${paint[verdict](verdict)} ${file}${told}\n`);
  };
  try {
    const results = await replayAll(paths, options, interruption.signal, options.json ? undefined : print);
    const empty = paths.find((path) => !results.some(({ file }) => `${file}/`.startsWith(withSlash(path))));
    if (empty !== undefined) throw new UsageError(`${empty}: no transcript, program or finding there`);
    const totals = Object.fromEntries(
      VERDICTS.map((verdict) => [verdict, results.filter((one) => one.verdict === verdict).length]),
    ) as Record<AnyVerdict, number>;
    if (options.json) {
      const list = results.map(({ file, verdict, reason }) => ({ file, verdict, reason }));
      process.stdout.write(`${JSON.stringify({ results: list, totals }, null, 2)}\n`);
    } else {
      const told = VERDICTS.filter((verdict) => TRANSCRIPT_VERDICTS.has(verdict) || totals[verdict] > 0);
      process.stdout.write(`${told.map((verdict) => `${totals[verdict]} ${verdict}`).join(', ')}\n`);
    }
    return verdictCode(totals);
  } catch (error) {
    if (interruption.signal.aborted) return interruptedBy(interruption.signal);
    throw error;
  } finally {
    interruption.dispose();
  }
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** Always told, also where there are none. */
const TRANSCRIPT_VERDICTS: ReadonlySet<string> = new Set<Verdict>(['MATCH', 'DIFFERS', 'SKIPPED', 'ERROR']);

/** Transcripts first, then programs, then findings. */
async function replayAll(
  paths: readonly string[],
  options: Options,
  signal: AbortSignal,
  onResult?: (result: Result) => void,
): Promise<Result[]> {
  const found = new Map(paths.map((path) => [path, findingsBelow(path)]));
  const programs = paths.flatMap(programsBelow);
  const transcripts = paths.filter((path) => found.get(path)!.length === 0 && !programs.includes(path));
  const folders = [...found.values()].flat();
  const results: Result[] = [];
  if (transcripts.length > 0) {
    const { workers } = options;
    const { target } = await usableTarget(options.target ?? 'reference', options);
    const report = await onTarget(target, () =>
      replay({ target, paths: transcripts, workers, signal, onResult }),
    );
    results.push(...report.results);
  }
  if (programs.length > 0) {
    const { target } = await usableTarget(options.target ?? 'reference', options);
    const area = await ScratchArea.for(target);
    try {
      const files = programs;
      results.push(
        ...(await onTarget(target, () => replayPrograms({ target, files, area, signal, onResult }))),
      );
    } finally {
      await area.close();
    }
  }
  if (folders.length === 0) return results;
  const given = options.target === undefined ? null : await targetOption(options.target, options);
  const area = await (given === null ? ScratchArea.open() : ScratchArea.for(given.target));
  try {
    const targetOf = async (name: string): Promise<Target> =>
      (await usableTarget(options.target ?? name, options)).target;
    const executorOf = async (prepared: PreparedCampaign, { diff }: Finding): Promise<ProgramRunner> =>
      executorFor(
        prepared,
        diff === undefined ? null : await identifyDiffTarget(diff, options, area),
        area,
        loadExpectations({ expect: [] }, []),
      );
    results.push(...(await replayFindings({ folders, targetOf, executorOf, area, signal, onResult })));
  } finally {
    await area.close();
  }
  return results;
}

function verdictCode({ ERROR, DIFFERS, FAILS, REPRODUCED }: Readonly<Record<AnyVerdict, number>>): ExitCode {
  if (ERROR > 0) return EXIT.fault;
  return DIFFERS + FAILS + REPRODUCED > 0 ? EXIT.unexpected : EXIT.ok;
}
