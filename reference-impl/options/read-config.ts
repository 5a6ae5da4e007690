/**
 * The file of `-readconfig`: groups of parameters, `[drive "d0"]` and lines `file = "disk.img"`, each as good as an
 * option of the command line.
 */
import { type Option, OptionError } from './argv.ts';
import type { Step } from './option-table.ts';

/** The groups that are options of their own names. */
const OPTIONS = 'accel add-fd chardev device drive global machine mon name object'.split(' ') as Step[];
/** Those that have no effect here. */
const IGNORED =
  'acpi boot-opts fsdev icount memory msg net netdev numa option-rom realtime rtc sandbox smp-opts spice ' +
  'tpmdev trace vnc';

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
  const step =
    OPTIONS.find((option) => option === name) ?? (IGNORED.split(' ').includes(name) ? 'nothing' : undefined);
  if (step === undefined) throw new OptionError(`${where}: There is no option group '${name}'`);
  return { step, values: id === undefined ? [] : [`id=${id}`], line };
}
