/** `qmpcheck serve`: the reference as an endpoint of its own, started as QEMU would be, or under the name of one of its programs. */
import { readFile } from 'node:fs/promises';
import { OptionError } from '../../reference-impl/endpoint.ts';
import { processOptions } from '../../reference-impl/process-options.ts';
import { startReference } from '../../reference-impl/start-reference.ts';
import { InputError } from '../input-error.ts';
import { type Foreground, foreground, runInBackground } from './background.ts';
import { EXIT, UsageError } from './exit.ts';
import { readFaults } from './fault-file.ts';
import type { Subcommand } from './subcommand.ts';

const HELP = `
Takes QEMU's options for what concerns block devices, e.g.
  qmpcheck serve -qmp unix:/tmp/qmp.sock,server=on,wait=off -blockdev driver=null-co,node-name=disk
  qmpcheck serve -qmp stdio
  qmpcheck serve -help
and those of qemu-storage-daemon (--blockdev, --monitor, --nbd-server, --export).
Ends with \`quit\` or a signal. Exit codes: 0; 2 for an option that it does not take, or an address that is taken.`;

export const subcommand: Subcommand = {
  define: (command, done) =>
    command
      .argument('[options...]', "QEMU's options")
      .allowUnknownOption()
      .helpOption('--help', 'display help for command')
      .option(
        '--job-lifecycle',
        'take auto-finalize and auto-dismiss of QEMU 2.12; stands before the options',
      )
      .option('--fault <file>', 'what is to go wrong, for tests of clients; stands before the options')
      .addHelpText('after', HELP)
      // the words are QEMU's: commander must neither reorder nor split them
      .passThroughOptions()
      .action(async (argv: string[], { jobLifecycle = false, fault }: ServeOptions) => {
        const status = await serve({ argv, jobLifecycle, fault, name: 'qmpcheck' });
        done(status === 0 ? EXIT.ok : EXIT.unexpected);
      }),
};

interface ServeOptions {
  readonly jobLifecycle?: boolean;
  readonly fault?: string;
}

interface Call {
  readonly argv: readonly string[];
  /** Whose command line it is; told by the options if absent. */
  readonly dialect?: 'qemu' | 'storage-daemon';
  readonly jobLifecycle: boolean;
  /** The file of what is to go wrong. */
  readonly fault: string | undefined;
  /** What messages begin with. */
  readonly name: string;
}

/** Without one of these nobody could ever reach the endpoint. */
const REACHED_BY = /^--?(qmp|qmp-pretty|mon|monitor|nbd-server|readconfig|qtest)(=|$)/;

/**
 * Behaves as the program of this name, `qemu-system-x86_64` or `qemu-storage-daemon`, exit status included. What is
 * refused is told on stderr. What is to go wrong is named by `QMPCHECK_FAULT`, since those who start it know no option of ours.
 */
export async function serveAs(name: string, argv: readonly string[]): Promise<number> {
  const dialect = name.includes('storage-daemon') ? 'storage-daemon' : 'qemu';
  try {
    return await serve({ argv, dialect, jobLifecycle: false, fault: process.env.QMPCHECK_FAULT, name });
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof InputError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    return 1;
  }
}

/** Resolves with the exit status. Throws `UsageError` for what is refused. */
async function serve(call: Call): Promise<number> {
  const { answer, daemonize, descriptors } = await refusing(async () =>
    processOptions(call.argv, call.dialect),
  );
  if (answer !== undefined) {
    process.stdout.write(answer);
    return 0;
  }
  if (call.dialect === undefined && !call.argv.some((word) => REACHED_BY.test(word)))
    throw new UsageError('serve needs a monitor to serve, such as -qmp stdio (--help shows more)');
  const above = foreground();
  if (above === undefined) return daemonize ? runInBackground(descriptors) : run(call, ON_STREAMS);
  try {
    return await run(call, above);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof InputError)) throw error;
    above.err(`${call.name}: ${error.message}\n`);
    return call.dialect === undefined ? EXIT.fault : 1;
  }
}

const ON_STREAMS: Foreground = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  started: () => {},
};

async function run(call: Call, above: Foreground): Promise<number> {
  const { argv, dialect, jobLifecycle, fault, name } = call;
  const plan = fault === undefined ? undefined : readFaults(await readFile(fault, 'utf8'), fault);
  const endpoint = await refusing(() =>
    startReference({
      argv,
      ...(dialect && { dialect }),
      cwd: process.cwd(),
      jobLifecycle,
      ...(plan && { faults: { plan, kill: () => process.kill(process.pid, 'SIGKILL') } }),
      log: (line) => above.err(`${name}: ${line}\n`),
      print: (line) => above.out(`${line}\n`),
    }),
  );
  above.started();
  const stop = () => void endpoint.stop();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const status = await endpoint.exited;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, stop);
  return status;
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(error.message) : error;
  }
}
