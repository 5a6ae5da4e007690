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
  text.split(/(?<=\n)/).forEach((line, index) => {
    if (line === '\n' || line.startsWith('#')) return;
    const where = `${name}:${index + 1}`;
    if (line.startsWith('[')) {
      const [group, id] = headerOf(line);
      groups.push(newGroup(group, id, index + 1, where));
      return;
    }
    const [key, value] = parameterOf(line, where);
    const group = groups.at(-1);
    if (group === undefined) throw new OptionError(`${where}: no group defined`);
    group.values.push(`${key}=${value.replaceAll(',', ',,')}`);
    group.line = index + 1;
  });
  return groups.map(({ step, values, line }) => ({
    step,
    value: values.join(','),
    where: `${name}:${line}`,
  }));
}

/** Of a line that begins with a bracket. What stands behind the closing quote or bracket does not count. */
function headerOf(line: string): readonly [name: string, id: string | undefined] {
  const [, name, id] = /^\[\s*(\S+)\s+"([^"]+)/.exec(line) ?? [];
  if (name !== undefined) return [name, id];
  return [/^\[([^\]]+)/.exec(line)?.[1] ?? '', undefined];
}

/**
 * A parameter is a word, which blanks part from its value. As in QEMU a value that is not in quotes is an empty one, and a quote
 * that nobody closes takes the end of the line with it.
 */
function parameterOf(line: string, where: string): readonly [key: string, value: string] {
  const [, key, value = ''] = /^\s*(\S+)(?:\s+=\s*"([^"]+))?/.exec(line) ?? [];
  if (key === undefined) throw new OptionError(`${where}: parse error`);
  if (/[=,]/.test(key)) throw new OptionError(`${where}: Invalid parameter '${key}'`);
  return [key, value];
}

function newGroup(name: string, id: string | undefined, line: number, where: string): Group {
  const step =
    OPTIONS.find((option) => option === name) ?? (IGNORED.split(' ').includes(name) ? 'nothing' : undefined);
  if (step === undefined) throw new OptionError(`${where}: There is no option group '${name}'`);
  return { step, values: id === undefined ? [] : [`id=${id}`], line };
}
