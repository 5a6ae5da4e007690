/**
 * A finding as a shell script that needs only the endpoint, `qemu-img`, `qemu-io` and what every shell has. It plays the program
 * and tells by its exit status whether the fault is there, as `git bisect run` asks. Monitors are named pipes, which the
 * endpoint's own chardevs speak. Parts: `script-functions.ts`, `script-steps.ts`, `script-verdict.ts`.
 */
import type { Program } from '../../generators/sequences/program.ts';
import type { CaseRecord, Deviation } from '../../reports/record.ts';
import { stringifyJson } from '../../spec/json.ts';
import type { Symptom } from './buckets.ts';
import type { FindingHead } from './findings.ts';
import { launchOf, setupLines } from './launch-command.ts';
import { CONTENTS, JSON_LINES, MONITOR, PATIENCE_S, UNDO, VERDICTS } from './script-functions.ts';
import { inFolder, stepLines } from './script-steps.ts';
import { type ScriptVerdict, verdictOf } from './script-verdict.ts';
import type { FuzzStartState } from './start-states.ts';

/** What a script is made of. */
export interface ScriptSource {
  readonly program: Program;
  readonly head: FindingHead;
  readonly symptom: Symptom;
  /** The deviation that the symptom is, unless it is a crash or a hang. */
  readonly deviation?: Deviation | undefined;
  readonly record: CaseRecord;
}

/** The script, and whether it can tell if the fault is there. */
export interface Script {
  readonly text: string;
  /** Why it cannot: then it plays the steps, and its exit status is 125; null if it can. */
  readonly mute: string | null;
}

/** Symptoms that are there when the endpoint ends or no longer answers. */
function isEnd({ kind, check }: Symptom): boolean {
  return kind !== 'deviation' || check === 'liveness';
}

/** Null for a target that no script can start by itself. */
export function reproduceScript(source: ScriptSource): Script | null {
  const { program, head, symptom, record } = source;
  const launch = launchOf(head.target);
  const startState = head.startStates.find(({ name }) => name === program.startState);
  if (launch === null || startState === undefined) return null;
  const used = program.steps.map((step) => (step.kind === 'call' ? step.monitor : 0));
  const monitors = Array.from({ length: Math.max(0, ...used) + 1 }, (_, index) => index);
  const chardevs = monitors.map((i) => `pipe,id=m${i},path="$top/m${i}"`);
  const words = launch.words(startState.topology.options, chardevs, inFolder);
  const verdict = verdictFor(source);
  const mute = verdict === null && !isEnd(symptom) ? muteReason(head, symptom) : null;
  const images = (record.transcript?.setup ?? []).flatMap(setupLines);
  const text = `#!/bin/sh
# ${oneLine(symptom.bucket)}
# Usage: ./reproduce.sh [PATH OF THE ENDPOINT]
# Exit status: 1 if the fault is there, 0 if it is not, 125 if that cannot be told.
endpoint=\${1:-${launch.program}}
case $endpoint in /*) ;; */*) endpoint=$PWD/$endpoint;; esac
${VERDICTS.trim()}
top=$(mktemp -d) || exit 125
dir=$top/run aux=$top/aux pid= keeper= watchdog=
clean_up() {
  exec 2>/dev/null
  [ -z "$watchdog" ] || kill "$watchdog"
  rm -f "$aux/opening"
  [ ! -s "$aux/pid" ] || kill_endpoint
  [ -z "$keeper" ] || wait "$keeper"
  rm -rf "$top"
}
kill_endpoint() { read -r pid < "$aux/pid"; kill -9 "-$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null; }
trap clean_up EXIT
trap 'exit 125' HUP INT TERM
for tool in "$endpoint" qemu-img qemu-io awk; do
  command -v "$tool" >/dev/null || untold "$tool is not there"
done
mkdir "$dir" "$aux" && cd "$dir" || exit 125
make_images() {
${[...images, ':'].map((line) => `  ${line} || return 1`).join('\n')}
}
make_images || untold "the images cannot be made"
: > "$aux/events"; : > "$aux/fresh"; : > "$aux/said"; : > "$aux/opening"; echo 0 > "$aux/beat"
mkfifo ${monitors.map((i) => `"$top/m${i}.in" "$top/m${i}.out"`).join(' ')} || exit 125
# in a session of its own where that can be had, so that all of it can be ended
( sh -c 'echo $$ > "$0"; exec "$@"' "$aux/pid" $(command -v setsid) "$endpoint" \\
  ${words.join(' \\\n  ')} &
  wait "$!" 2>/dev/null
  echo $? > "$aux/status"
  # an endpoint that never opened its monitors leaves nobody waiting for it
  while [ -e "$aux/opening" ]; do
${monitors.map((i) => `    : <> "$top/m${i}.in" <> "$top/m${i}.out"`).join('\n')}
    sleep 0.1 2>/dev/null || sleep 1
  done ) &
keeper=$!
# what ends an endpoint that hangs, so that the script ends too
( idle=0 last=
  while sleep 1; do
    read -r now < "$aux/beat"
    if [ "$now" = "$last" ]; then idle=$((idle + 1)); else idle=0 last=$now; fi
    [ "$idle" -lt ${PATIENCE_S} ] || { : > "$aux/hangs"; kill_endpoint; exit; }
  done ) >/dev/null 2>&1 &
watchdog=$!
${monitors.map((i) => `exec ${3 + 2 * i}<>"$top/m${i}.in" ${4 + 2 * i}<"$top/m${i}.out"`).join('\n')}
rm "$aux/opening"
${[MONITOR, ...(verdict === null && isEnd(symptom) ? [] : [UNDO]), JSON_LINES, CONTENTS].map((part) => part.trim()).join('\n')}
# say_end VERDICT [WORDS]: the verdict, with how the endpoint ended
say_end() {
  wait "$keeper" 2>/dev/null
  read -r status < "$aux/status"
  if [ -e "$aux/hangs" ]; then how="no answer for ${PATIENCE_S} s: it hangs"
  elif [ "$status" -gt 128 ]; then how="ended by signal $((status - 128))"
  else how="ended with status $status"; fi
  "$1" "$2$how"
}
trap '' PIPE
${monitors.map((i) => `hear ${4 + 2 * i}; [ "$answered" = yes ] || say_end untold "the endpoint does not start: "\nsay ${3 + 2 * i} '{"execute":"qmp_capabilities","id":"x"}'; hear ${4 + 2 * i} '"x"'`).join('\n')}
read -r pid < "$aux/pid"
${[...played(source, startState, verdict), ...(isEnd(symptom) ? endLines() : verdictLines(verdict, mute, symptom))].join('\n')}
`;
  return { text, mute };
}

function verdictFor({ deviation, program, record, symptom }: ScriptSource): ScriptVerdict | null {
  return deviation === undefined || isEnd(symptom) ? null : verdictOf({ deviation, program, record });
}

function muteReason({ diff }: FindingHead, { check }: Symptom): string {
  if (diff !== undefined)
    return `what two endpoints do differently shows only where both run (${diff} is the other)`;
  return `a script cannot judge what the check ${check} has seen here`;
}

/** The steps, as often as it takes. */
function played(
  { program, record }: ScriptSource,
  startState: FuzzStartState,
  verdict: ScriptVerdict | null,
): string[] {
  const { first = [], hooks = {}, rounds = 1, last = [] } = verdict ?? {};
  const steps = stepLines(program, record.transcript, hooks);
  if (rounds === 1) return [...first, ...steps, ...last];
  const nodes = startState.nodes.map(
    (node) => `  ask ${inFolder(stringifyJson({ execute: 'blockdev-add', arguments: node, id: 'x' }))}`,
  );
  return [
    ...first,
    'round=0',
    `while [ "$round" -lt ${rounds} ] && [ "$answered" = yes ]; do`,
    ...steps.map((line) => `  ${line}`),
    '  take_back ""',
    '  rm -rf ./*',
    '  make_images',
    ...nodes,
    '  measure',
    '  round=$((round + 1))',
    'done',
    ...last,
  ];
}

/** Of a crash or a hang. */
function endLines(): string[] {
  return [
    '# what a job does may come later',
    '[ "$answered" = no ] || { sleep 1; look; }',
    '[ "$answered" = yes ] || say_end shown',
    '[ -z "$astray" ] || untold "$astray"',
    'gone "it still runs"',
  ];
}

function verdictLines(verdict: ScriptVerdict | null, mute: string | null, { bucket }: Symptom): string[] {
  if (verdict === null) return [`untold ${inFolder(`${mute}; ask qmpcheck replay`)}`];
  const { shown, untold } = verdict;
  return [
    `if ${shown}; then shown ${inFolder(oneLine(bucket))}; fi`,
    '[ "$answered" = yes ] || say_end untold',
    '[ -z "$astray" ] || untold "$astray"',
    ...(untold === undefined ? [] : [`if ${untold}; then untold "it does not come so far"; fi`]),
    'gone "all is as it must be"',
  ];
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
