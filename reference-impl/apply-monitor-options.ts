/** Options that make character devices, and monitors on them. */
import { type Chardev, parseChardev, parseShortChardev } from './monitor/chardev.ts';
import { openChardev } from './monitor/open-chardev.ts';
import type { Start } from './option-start.ts';
import type { Option } from './options/argv.ts';
import { isOn, parseOpts } from './options/opts.ts';
import { CommandError } from './qapi/command-error.ts';

/** `-chardev` */
export function addChardev({ value }: Option, { chardevs }: Start): void {
  const { id, chardev } = parseChardev(value);
  if (chardevs.has(id)) throw new CommandError(`Duplicate ID '${id}' for chardev`);
  chardevs.set(id, chardev);
}

/** `-mon`, and `--monitor` of the storage daemon */
export async function addMonitor({ value }: Option, start: Start): Promise<void> {
  const opts = parseOpts(value, ['chardev', 'mode', 'id', 'pretty'], 'chardev');
  const id = opts.get('chardev');
  if (id === undefined) throw new CommandError("Parameter 'chardev' is missing");
  const chardev = start.chardevs.get(id);
  if (chardev === undefined) throw new CommandError(`chardev "${id}" not found`);
  const mode = opts.get('mode') ?? (start.dialect === 'storage-daemon' ? 'control' : 'readline');
  if (mode !== 'control') throw new CommandError('only monitors with mode=control are supported');
  await connect(chardev, isOn(opts, 'pretty'), start);
}

/** `-qmp`, `-qmp-pretty` */
export async function addShortMonitor({ value, step }: Option, start: Start): Promise<void> {
  const chardev = parseShortChardev(value, start.chardevs);
  if (chardev !== undefined) await connect(chardev, step === 'qmp-pretty', start);
}

async function connect(chardev: Chardev, pretty: boolean, start: Start): Promise<void> {
  const { endpoint } = start;
  if (start.inBackground && chardev.backend === 'stdio')
    throw new CommandError('cannot use stdio with -daemonize');
  const monitor = endpoint.monitor(start.monitors);
  monitor.pretty = pretty;
  start.monitors += 1;
  const orphaned = () => {
    if (start.monitors === 1) endpoint.shutdown();
  };
  const print = (line: string) => endpoint.print(line);
  endpoint.onEnd(await openChardev(monitor, chardev, { cwd: endpoint.cwd, orphaned, print }));
}
