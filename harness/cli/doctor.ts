/** `qmpcheck doctor`: whether and how far a target can be tested, in seconds, without a test. */
import picocolors from 'picocolors';
import { type Json, stringifyJson } from '../../spec/json.ts';
import type { Diagnosis, Readiness } from './doctor/examine.ts';
import { EXIT, type ExitCode, UsageError } from './exit.ts';
import { withEndpoint } from './live.ts';
import type { Subcommand } from './subcommand.ts';
import {
  CONFIG_OPTION,
  DIRECTORY_OPTION,
  SCHEMA_OPTION,
  type TargetOptions,
  usableTarget,
  WAIT_OPTION,
} from './target-option.ts';

const HELP = `
Only queries are sent, commands in a form that does nothing, and what opens files of ours in the scratch folder; all of it
is taken back.
Exit code 0: it can be tested. 1: with reservations, which are told: it breaks the protocol, or its introspection is of no use.
2: it cannot: it does not start, speaks no QMP, or cannot get at the scratch folder.`;

const CODES: Readonly<Record<Readiness, ExitCode>> = {
  yes: EXIT.ok,
  'with reservations': EXIT.unexpected,
  no: EXIT.fault,
};

interface Options extends TargetOptions {
  readonly target: string;
  readonly json?: true;
}

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .option('--target <target>', 'what to look at', 'reference')
      .addOption(CONFIG_OPTION)
      .addOption(WAIT_OPTION)
      .addOption(SCHEMA_OPTION)
      .addOption(DIRECTORY_OPTION)
      .option('--json', 'as one JSON document')
      .addHelpText('after', HELP)
      .action(async (options: Options) => done(await doctor(options))),
};

async function doctor(options: Options): Promise<ExitCode> {
  try {
    const { target } = await usableTarget(options.target, options);
    const { examine } = await import('./doctor/examine.ts');
    const diagnosis = await withEndpoint(target, (session) => examine(target, session));
    await print(diagnosis, options);
    return CODES[diagnosis.ready];
  } catch (error) {
    if (!options.json || !(error instanceof UsageError)) throw error;
    const unusable = { ready: 'no', reservations: [error.message] } satisfies Partial<Diagnosis>;
    process.stdout.write(`${stringifyJson(unusable, 2)}\n`);
    return EXIT.fault;
  }
}

async function print(diagnosis: Diagnosis, { json }: Options): Promise<void> {
  if (json) {
    process.stdout.write(`${stringifyJson(diagnosis as unknown as Json, 2)}\n`);
    return;
  }
  const { doctorLines } = await import('./doctor/output.ts');
  const { isTTY, columns } = process.stdout;
  const colors = picocolors.createColors(isTTY === true && process.env.NO_COLOR === undefined);
  process.stdout.write(`${doctorLines(diagnosis, isTTY ? columns : 80, colors).join('\n')}\n`);
}
