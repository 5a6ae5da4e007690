/**
 * The file of `-readconfig`: groups of parameters, `[drive "d0"]` and lines `file = "disk.img"`, each as good as an
 * option of the command line.
 */
import { type Option, OptionError } from './argv.ts';
import type { Step } from './option-table.ts';

/** What groups are as options; those that have no effect here among them. */
const GROUPS: Readonly<Record<string, Step>> = {
  'add-fd': 'add-fd',
  chardev: 'chardev',
  device: 'device',
  drive: 'drive',
  global: 'global',
  machine: 'machine',
  mon: 'mon',
  name: 'name',
  object: 'object',
  accel: 'accel',
  acpi: 'nothing',
  'boot-opts': 'nothing',
  fsdev: 'nothing',
  icount: 'nothing',
  memory: 'nothing',
  msg: 'nothing',
  net: 'nothing',
  netdev: 'nothing',
  numa: 'nothing',
  'option-rom': 'nothing',
  realtime: 'nothing',
  rtc: 'nothing',
  sandbox: 'nothing',
  'smp-opts': 'nothing',
  spice: 'nothing',
  tpmdev: 'nothing',
  trace: 'nothing',
  vnc: 'nothing',
};

interface Group {
  readonly step: Step;
  readonly values: string[];
  line: number;
}

/** The options of a file; `name`: what messages call it. Throws `OptionError`. */
export function parseConfig(text: string, name: string): Option[] {
  const groups: Group[] = [];
  text.split('\n').forEach((whole, index) => {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) return;
    const where = `${name}:${index + 1}`;
    const header = /^\[([\w-]+)(?:\s+"([^"]*)")?\]$/.exec(line);
    if (header) {
      groups.push(newGroup(header[1]!, header[2], index + 1, where));
      return;
    }
    const parameter = /^([\w.-]+)\s*=\s*"([^"]*)"$/.exec(line);
    if (!parameter) throw new OptionError(`${where}: parse error`);
    const group = groups.at(-1);
    if (group === undefined) throw new OptionError(`${where}: no group defined`);
    group.values.push(`${parameter[1]}=${parameter[2]!.replaceAll(',', ',,')}`);
    group.line = index + 1;
  });
  return groups.map(({ step, values, line }) => ({
    step,
    value: values.join(','),
    where: `${name}:${line}`,
  }));
}

function newGroup(name: string, id: string | undefined, line: number, where: string): Group {
  const step = Object.hasOwn(GROUPS, name) ? GROUPS[name]! : undefined;
  if (step === undefined) throw new OptionError(`${where}: There is no option group '${name}'`);
  return { step, values: id === undefined ? [] : [`id=${id}`], line };
}
