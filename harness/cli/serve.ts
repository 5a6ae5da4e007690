/** `qmpcheck serve`: the reference as an endpoint of its own, started as QEMU would be. */
import { OptionError } from '../../reference-impl/endpoint.ts';
import { startReference } from '../../reference-impl/start-reference.ts';
import { EXIT, UsageError } from './exit.ts';
import type { Subcommand } from './subcommand.ts';

const HELP = `
Takes QEMU's options for what concerns block devices, e.g.
  qmpcheck serve -qmp unix:/tmp/qmp.sock,server=on,wait=off -blockdev driver=null-co,node-name=disk
  qmpcheck serve -qmp stdio
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
      .addHelpText('after', HELP)
      // the words are QEMU's: commander must neither reorder nor split them
      .passThroughOptions()
      .action(async (argv: string[], { jobLifecycle }: { jobLifecycle?: boolean }) =>
        done(await serve(argv, jobLifecycle ?? false)),
      ),
};

async function serve(argv: readonly string[], jobLifecycle: boolean): Promise<0 | 1 | 2> {
  if (!argv.some((word) => /^--?(qmp|mon)/.test(word)))
    throw new UsageError('serve needs a monitor to serve, such as -qmp stdio (--help shows more)');
  const log = (line: string) => process.stderr.write(`qmpcheck: ${line}\n`);
  let endpoint: Awaited<ReturnType<typeof startReference>>;
  try {
    endpoint = await startReference({ argv, cwd: process.cwd(), jobLifecycle, log });
  } catch (error) {
    if (error instanceof OptionError) throw new UsageError(error.message);
    throw error;
  }
  const stop = () => void endpoint.stop();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  const status = await endpoint.exited;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, stop);
  return status === 0 ? EXIT.ok : EXIT.unexpected;
}
