/**
 * The command line. Subcommands are loaded when they are called, so that `--help` costs little more than an empty
 * node process. A subcommand returns its exit code; nothing below this file ends the process.
 */
import { Command, CommanderError, Help, type Option } from 'commander';
import { exitCodeAfter, Interrupted } from '../cleanup.ts';
import { showFrames } from '../error-text.ts';
import { toolVersion } from '../tool-version.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { guardStandardStreams } from './standard-streams.ts';
import type { Subcommand } from './subcommand.ts';

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly subcommand: Subcommand }>;
}

const subcommands: Readonly<Record<string, Entry>> = {
  run: { summary: 'run the conformance suite on a target', load: () => import('./run.ts') },
  doctor: { summary: 'tell whether and how far a target can be tested', load: () => import('./doctor.ts') },
  list: { summary: 'list the cases and the requirements they cover', load: () => import('./list.ts') },
  fuzz: { summary: 'fuzz a target with command sequences', load: () => import('./fuzz.ts') },
  replay: { summary: 'replay transcripts on a target and compare', load: () => import('./replay.ts') },
  diff: { summary: 'run the same on two targets and tell what differs', load: () => import('./diff.ts') },
  compat: { summary: 'report on several runs, merge shards, compare', load: () => import('./compat.ts') },
  schema: { summary: 'check, introspect, convert or compare schemas', load: () => import('./schema.ts') },
  shell: { summary: 'talk to an endpoint', load: () => import('./shell.ts') },
  serve: { summary: 'run the reference implementation as an endpoint', load: () => import('./serve.ts') },
};

const DEBUG = '--debug';
const DEBUG_TEXT = "frames of errors that are qmpcheck's own";

const plain = new Help();

/** A repeatable option that is not given has no values: that is no default to tell of. */
function optionDescription(option: Option): string {
  const { defaultValue } = option;
  const isNone = Array.isArray(defaultValue) && defaultValue.length === 0;
  return plain.optionDescription(
    isNone ? Object.create(option, { defaultValue: { value: undefined } }) : option,
  );
}

async function call(words: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  // Taken out here, since it may stand anywhere and a fault may come before the options are read.
  const argv = words.filter((word) => word !== DEBUG);
  if (argv.length < words.length) showFrames();
  const program = new Command('qmpcheck')
    .description('Conformance tests for anything that speaks the block API of QMP')
    .version(toolVersion())
    .option(DEBUG, DEBUG_TEXT)
    .showHelpAfterError('(--help lists the options)')
    .enablePositionalOptions()
    .configureHelp({ optionDescription })
    .exitOverride();
  // `qmpcheck help NAME` needs NAME's options as `qmpcheck NAME --help` does
  const called = argv[0] === 'help' ? argv[1] : argv[0];
  for (const [name, entry] of Object.entries(subcommands)) {
    const command = program.command(name).description(entry.summary).exitOverride();
    command.copyInheritedSettings(program);
    if (name === called) {
      const { subcommand } = await entry.load();
      subcommand.define(command, (code) => {
        exitCode = code;
      });
    }
    command.option(DEBUG, DEBUG_TEXT);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.ok : EXIT.fault;
    }
    throw error;
  }
  return exitCode;
}

/** Programs of QEMU by whose names this one may be called. */
const OTHER_PROGRAMS = /^(qemu|kvm|qmpcheck-(qemu|storage-daemon))/;

/** Carries out a call under the name of the program. Never rejects. */
export async function mainAs(name: string, argv: readonly string[]): Promise<number> {
  if (!OTHER_PROGRAMS.test(name)) return main(argv);
  const written = guardStandardStreams();
  try {
    const { serveAs } = await import('./serve.ts');
    const status = await serveAs(name, argv);
    await written();
    return status;
  } catch (error) {
    const { faultText } = await import('./call-faults.ts');
    process.stderr.write(`${name}: ${faultText(error)}\n`);
    return 1;
  }
}

/** Carries out a call. `argv`: without node and program. Never rejects: a fault is told on stderr. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const written = guardStandardStreams();
  try {
    const code = await call(argv);
    await written();
    return code;
  } catch (error) {
    if (error instanceof Interrupted) return exitCodeAfter(error.signalName) as ExitCode;
    const { faultText } = await import('./call-faults.ts');
    process.stderr.write(`qmpcheck: ${faultText(error)}\n`);
    return EXIT.fault;
  }
}
