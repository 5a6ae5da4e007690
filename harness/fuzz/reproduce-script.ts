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
import { shellWord } from '../../reports/text.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { FindingHead } from './findings.ts';
import { launchOf, setupLines } from './launch-command.ts';
import { messageOf } from './run-program.ts';

/** Seconds after which an endpoint that does not answer hangs. */
const PATIENCE_S = 15;

/** Null for a target that no script can start by itself. `setup` as in a transcript. */
export function script(program: Program, head: FindingHead, setup: readonly Json[]): string | null {
  const launch = launchOf(head.target);
  const startState = head.startStates.find(({ name }) => name === program.startState);
  if (launch === null || startState === undefined) return null;
  const used = program.steps.map((step) => (step.kind === 'call' ? step.monitor : 0));
  const monitors = Math.max(0, ...used) + 1;
  const indices = Array.from({ length: monitors }, (_, index) => index);
  const chardevs = indices.map((i) => `pipe,id=m${i},path="$dir/m${i}"`);
  const words = launch.words(startState.topology.options, chardevs, inFolder);
  return `#!/bin/sh
# ${launch.program}: ${program.steps.length} step(s). Usage: ./reproduce.sh [PATH OF THE ENDPOINT]
# Exit status: 1 if the endpoint ended or hangs, 0 if it still runs.
endpoint=\${1:-${launch.program}}
dir=$(mktemp -d) || exit 2
cd "$dir" || exit 2
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
${setup
  .flatMap(setupLines)
  .map((line) => `${line}\n`)
  .join('')}mkfifo ${indices.map((i) => `m${i}.in m${i}.out`).join(' ')}
"$endpoint" \\
  ${words.join(' \\\n  ')} &
pid=$!
# what ends an endpoint that hangs, so that the script ends too
( trap 'kill "$!"; exit' TERM; sleep ${PATIENCE_S} & wait "$!"; : > hangs; kill -9 "$pid" ) >/dev/null 2>&1 &
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
# what a job does may come later
[ "$answered" = no ] || { sleep 1; look; }
if [ "$answered" = yes ]; then
  echo "it still runs"
  kill "$watchdog"
  exit 0
fi
wait "$pid" 2>/dev/null
status=$?
if [ -e hangs ]; then
  echo "no answer for ${PATIENCE_S} s: it hangs"
else
  kill "$watchdog"
  [ "$status" -gt 128 ] && echo "ended by signal $((status - 128))" || echo "ended with status $status"
fi
exit 1
`;
}

/** Quoted for the shell, with the folder's name put in by it. */
function inFolder(text: string): string {
  return shellWord(text).replaceAll('@DIR@', text === shellWord(text) ? '"$dir"' : `'"$dir"'`);
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
