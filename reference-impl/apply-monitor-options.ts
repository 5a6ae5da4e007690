/** Options that make character devices, and monitors on them. */
import { type Chardev, parseChardev, parseShortChardev } from './monitor/chardev.ts';
import type { Frontend } from './monitor/frontend.ts';
import { HumanMonitor } from './monitor/hmp/human-monitor.ts';
import { type Close, openChardev } from './monitor/open-chardev.ts';
import type { Start } from './option-start.ts';
import type { Option } from './options/argv.ts';
import { CommandError } from './qapi/command-error.ts';
import { isOn, parseOpts } from './qapi/opts.ts';

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
  takeChardev(id, start);
  const mode = opts.get('mode') ?? (start.dialect === 'storage-daemon' ? 'control' : 'readline');
  if (mode === 'control') await connect(chardev, qmpMonitor(isOn(opts, 'pretty'), start), start);
  else if (mode === 'readline') await connectHuman(chardev, start);
  else throw new CommandError(`unknown monitor mode "${mode}"`);
}

/** `-monitor` */
export async function addHumanMonitor({ value }: Option, start: Start): Promise<void> {
  const chardev = shortChardev(value, start);
  if (chardev !== undefined) await connectHuman(chardev, start);
}

/** `-qmp`, `-qmp-pretty` */
export async function addShortMonitor({ value, step }: Option, start: Start): Promise<void> {
  const chardev = shortChardev(value, start);
  if (chardev !== undefined) await connect(chardev, qmpMonitor(step === 'qmp-pretty', start), start);
}

function qmpMonitor(pretty: boolean, start: Start): Frontend {
  const monitor = start.endpoint.addMonitor();
  monitor.pretty = pretty;
  return monitor;
}

async function connectHuman(chardev: Chardev, start: Start): Promise<void> {
  const monitor = new HumanMonitor(start.endpoint);
  await connect(chardev, monitor, start);
  start.endpoint.onEnd(async () => monitor.close());
}

async function connect(chardev: Chardev, monitor: Frontend, start: Start): Promise<void> {
  const { endpoint } = start;
  start.monitors = [...start.monitors, monitor];
  const orphaned = () => {
    if (start.monitors.length === 1) endpoint.shutdown();
  };
  endpoint.onEnd(await openFor(monitor, chardev, start, orphaned));
}

/** Makes a frontend reachable; `orphaned` is called when standard input has ended. Throws `CommandError`. */
export async function openFor(
  frontend: Frontend,
  chardev: Chardev,
  { endpoint, inBackground }: Start,
  orphaned = () => {},
): Promise<Close> {
  if (inBackground && chardev.backend === 'stdio') throw new CommandError('cannot use stdio with -daemonize');
  const print = (line: string) => endpoint.print(line);
  return openChardev(frontend, chardev, { cwd: endpoint.cwd, orphaned, print });
}

/** What `unix:PATH` and its like mean; undefined for `none`. Nobody else speaks on it from now on. Throws `CommandError`. */
export function shortChardev(value: string, start: Start): Chardev | undefined {
  const chardev = parseShortChardev(value, start.chardevs);
  const [, id] = /^chardev:(.*)$/s.exec(value) ?? [];
  if (id !== undefined) takeChardev(id, start);
  return chardev;
}

/** Nobody else speaks on it from now on. Throws `CommandError`. */
function takeChardev(id: string, { inUse }: Start): void {
  if (inUse.has(id)) throw new CommandError(`Device '${id}' is in use`);
  inUse.add(id);
}
