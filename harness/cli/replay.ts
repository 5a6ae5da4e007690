/** `qmpcheck replay`: transcripts, or folders of them, on a target. */
import picocolors from 'picocolors';
import { abortOnSignals } from '../runner/cleanup.ts';
import { type ReplayResult, replay, VERDICTS, type Verdict } from '../runner/replay.ts';
import { StartError } from '../targets/target.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { defaultJobs, targetOption, wholeNumber } from './options.ts';
import type { Subcommand } from './subcommand.ts';

interface Options {
  readonly target: string;
  readonly json?: true;
  readonly jobs: number;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('<file...>', 'transcripts, or folders that hold some')
      .option('--target <target>', 'what to replay them on', 'reference')
      .option('--json', 'results as one JSON document')
      .option('--jobs <n>', 'transcripts at a time', wholeNumber(1), defaultJobs())
      .action(async (files: string[], options: Options) => done(await replayFiles(files, options))),
};

async function replayFiles(paths: readonly string[], options: Options): Promise<ExitCode> {
  const { target } = await targetOption(options.target);
  const interruption = abortOnSignals();
  const colors = picocolors.createColors(process.stdout.isTTY && process.env.NO_COLOR === undefined);
  const paint = { MATCH: colors.green, DIFFERS: colors.red, SKIPPED: colors.dim, ERROR: colors.yellow };
  const print = ({ file, verdict, reason }: ReplayResult) => {
    const separator = verdict === 'DIFFERS' ? '\n    ' : ': ';
    process.stdout.write(`${paint[verdict](verdict)} ${file}${reason === null ? '' : separator + reason}\n`);
  };
  try {
    const { results, totals } = await replay({
      target,
      paths,
      jobs: options.jobs,
      signal: interruption.signal,
      ...(!options.json && { onResult: print }),
    });
    if (options.json) {
      const list = results.map(({ file, verdict, reason }) => ({ file, verdict, reason }));
      process.stdout.write(`${JSON.stringify({ results: list, totals }, null, 2)}\n`);
    } else {
      process.stdout.write(`${VERDICTS.map((verdict) => `${totals[verdict]} ${verdict}`).join(', ')}\n`);
    }
    return verdictCode(totals);
  } catch (error) {
    if (interruption.signal.aborted) return EXIT.interrupted;
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof StartError || code === 'ENOENT' || code === 'EACCES') throw new UsageError(message);
    throw error;
  } finally {
    interruption.dispose();
  }
}

function verdictCode(totals: Readonly<Record<Verdict, number>>): ExitCode {
  if (totals.ERROR > 0) return EXIT.fault;
  return totals.DIFFERS > 0 ? EXIT.unexpected : EXIT.ok;
}
