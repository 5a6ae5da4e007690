/**
 * A finding as a shell script that needs only the endpoint (and `qemu-img` where it starts from images): monitors are
 * named pipes, which the endpoint's own chardevs speak.
 */
import {
  concrete,
  type DataStep,
  isDataStep,
  type Program,
  type Step,
} from '../../generators/sequences/program.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import { quoted } from './account.ts';
import { messageOf } from './execute.ts';
import type { FindingHead } from './findings.ts';

/** Programs that take monitors on pipes, with the words that start them. */
const ENDPOINTS: Readonly<Record<string, { program: string; dashes: string; words: string }>> = {
  'qemu-system': {
    program: 'qemu-system-x86_64',
    dashes: '-',
    words: '-accel tcg -S -nodefaults -display none',
  },
  'qemu-storage-daemon': { program: 'qemu-storage-daemon', dashes: '--', words: '' },
};

/** Null for a target that no script can start by itself. `setup` as in a transcript. */
export function script(program: Program, head: FindingHead, setup: readonly Json[]): string | null {
  const [kind, ...path] = head.target.split(':');
  const endpoint = ENDPOINTS[kind!];
  const ground = head.grounds.find(({ name }) => name === program.ground);
  if (endpoint === undefined || ground === undefined) return null;
  const used = program.steps.map((step) => (step.kind === 'call' ? step.monitor : 0));
  const monitors = Math.max(0, ...used) + 1;
  const indices = Array.from({ length: monitors }, (_, index) => index);
  const { options } = ground.topology;
  return `#!/bin/sh
# ${endpoint.program}: ${program.steps.length} step(s). Usage: ./reproduce.sh [PATH OF THE ENDPOINT]
endpoint=\${1:-${path.join(':') || endpoint.program}}
dir=$(mktemp -d) || exit 2
cd "$dir" || exit 2
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
${setup.flatMap(setupLines).join('\n')}
mkfifo ${indices.map((i) => `m${i}.in m${i}.out`).join(' ')}
"$endpoint" ${startWords(kind!, options, indices).join(' ')} &
pid=$!
( sleep 30; echo "no answer for 30 s: it hangs"; kill -9 "$pid" ) 2>/dev/null &
watchdog=$!
${indices.map((i) => `exec ${3 + 2 * i}<>m${i}.in ${4 + 2 * i}<m${i}.out`).join('\n')}
# hear FD: print lines up to a reply (or the greeting); answered=no at the end of the stream
hear() {
  answered=yes
  while IFS= read -r line <&"$1"; do
    printf '%s\\n' "< $line"
    case $line in *'"return"'*|*'"error"'*|*'"QMP"'*) return;; esac
  done
  answered=no
}
# say FD TEXT: send a line; ask FD TEXT: also wait for the reply on the descriptor after FD
say() { printf '%s\\n' "> $2"; printf '%s\\n' "$2" >&"$1"; }
ask() { say "$1" "$2"; hear $(($1 + 1)); }
# what the checks ask after each command that was waited for
look() { ask 3 '{"execute": "query-named-block-nodes"}'; }
trap '' PIPE
${indices.map((i) => `hear ${4 + 2 * i}; ask ${3 + 2 * i} '{"execute": "qmp_capabilities"}'`).join('\n')}
${stepLines(program.steps).join('\n')}
look
# what a job does may come later
[ "$answered" = no ] || { sleep 1; look; }
if [ "$answered" = yes ]; then
  echo "it still runs"
else
  wait "$pid"
  status=$?
  [ "$status" -gt 128 ] && echo "ended by signal $((status - 128))" || echo "ended with status $status"
fi
kill "$watchdog" 2>/dev/null
`;
}

function startWords(kind: string, options: readonly string[], monitors: readonly number[]): string[] {
  const { dashes, words } = ENDPOINTS[kind]!;
  const given = options.map((word, index) =>
    index % 2 === 0 ? `\\\n  ${dashes}${word.replace(/^-+/, '')}` : inFolder(word),
  );
  const machine = kind === 'qemu-system' && !options.includes('-machine') ? ['-machine none'] : [];
  const monitor =
    kind === 'qemu-system'
      ? (i: number) => `-mon chardev=m${i},mode=control`
      : (i: number) => `--monitor chardev=m${i}`;
  const channels = monitors.map(
    (i) => `\\\n  ${dashes}chardev pipe,id=m${i},path="$dir/m${i}" ${monitor(i)}`,
  );
  return [...machine, ...(words === '' ? [] : [words]), ...given, ...channels];
}

/** Quoted for the shell, with the folder's name put in by it. */
function inFolder(text: string): string {
  return quoted(text).includes("'")
    ? `'${text.replaceAll("'", `'\\''`).replaceAll('@DIR@', `'"$dir"'`)}'`
    : text.replaceAll('@DIR@', '"$dir"');
}

function stepLines(steps: readonly Step[]): string[] {
  const owed: number[] = [];
  const lines: string[] = [];
  const settle = (): void => {
    if (owed.length === 0) return;
    for (const fd of owed.splice(0)) lines.push(`hear ${fd + 1}`);
    lines.push('look');
  };
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'call') {
      const fd = 3 + 2 * step.monitor;
      const text = inFolder(stringifyJson(messageOf(step, index, '@DIR@')));
      lines.push(`say ${fd} ${text}`);
      owed.push(fd);
      if (!step.pipelined) settle();
      continue;
    }
    settle();
    if (step.kind === 'raw') lines.push(`say 3 ${inFolder(concrete(step.text.trimEnd(), '@DIR@'))}`);
    else if (step.kind === 'overwrite') {
      const byte = step.byte.toString(8).padStart(3, '0');
      lines.push(`head -c ${step.size} /dev/zero | tr '\\000' '\\${byte}' > ${step.file.slice(1)}`);
    } else if (isDataStep(step)) lines.push(...dataLines(step));
    else lines.push(`sleep ${step.kind === 'sleep' ? step.milliseconds / 1000 : 0.1}`);
  }
  settle();
  return lines;
}

/** Contents are written with qemu-io: through the program's own export, or one that is there for the moment. */
function dataLines(step: DataStep): string[] {
  const server = { addr: { type: 'unix', data: { path: '@DIR@/data.sock' } } };
  const talk = (execute: string, args: JsonObject): string =>
    `ask 3 ${inFolder(stringifyJson({ execute, arguments: args }))}`;
  if (step.kind === 'compare') return ['# here the contents of the nodes are looked at'];
  const { through, offset, length, byte } = step;
  const name = through.slice(1);
  const write = (url: string): string =>
    `qemu-io -f raw -c 'write -P ${byte} ${offset} ${length}' "nbd+unix:///${url}"`;
  if (through.startsWith('$x')) return [write(`${name}?socket=$dir/nbd.sock`)];
  return [
    talk('nbd-server-start', server),
    talk('nbd-server-add', { device: name, name: 'data', writable: true }),
    write('data?socket=$dir/data.sock'),
    talk('nbd-server-stop', {}),
  ];
}

function setupLines(command: Json): string[] {
  if (!Array.isArray(command)) return [];
  const words = command.map(String);
  if (words[0] === '@mkdir') return [`mkdir ${quoted(words[1]!)}`];
  if (words[0] === '@write') return [`truncate -s ${words[3] ?? 0} ${quoted(words[1]!)}`];
  const quiet = words[0] === 'qemu-io' ? ' >/dev/null' : '';
  return [`${words.map(quoted).join(' ')}${quiet}`];
}
