/**
 * What is told about a case that did not simply pass, as printable strings: TAP writes it as YAML, JUnit and the
 * report for people as labelled lines. One place decides what it is; the formats only lay it out.
 */
import { type RepeatedDeviation, withoutRepetition } from './cause.ts';
import type { CaseRecord, Invocation, ProcessState, TranscriptStep, UnansweredRequest } from './record.ts';
import { clip, jsonText, printable, shellWord } from './text.ts';

export interface DeviationText {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
  readonly path?: string;
  readonly request?: string;
  readonly expected?: string;
  readonly got?: string;
  /** What came for the request, where nothing says what of it is wrong. */
  readonly reply?: string;
  /** How many deviations of the case have the same cause, where there are several. */
  readonly times?: number;
}

export interface ProcessText {
  /** `signal SIGABRT`, `exit status 1`. */
  readonly ended?: string;
  readonly inFlight?: string;
  /** Where there was more than that, all that was unanswered, the latest first. */
  readonly unanswered: readonly string[];
  readonly lastWords: readonly string[];
}

export interface Diagnosis {
  readonly title: string;
  readonly outcome: string;
  readonly severity?: string;
  readonly reason?: string;
  /** What else it looks like. */
  readonly hint?: string;
  /** Outcomes of earlier tries. */
  readonly earlier?: string;
  readonly requirements: readonly string[];
  readonly deviations: readonly DeviationText[];
  readonly process?: ProcessText;
  /** The command that runs this case alone, the same way. */
  readonly reproduce: string;
}

export interface RunIdentity {
  readonly endpoint: { readonly target: string };
  readonly seed: string;
  readonly invocation?: Invocation | undefined;
}

const MESSAGE_LIMIT = 2000;

/** Everything that a report says of a case, as printable single lines, clipped. */
export function diagnose(record: CaseRecord, run: RunIdentity): Diagnosis {
  return {
    title: line(record.title),
    outcome: record.outcome,
    ...(record.severity && { severity: record.severity }),
    ...(record.reason !== undefined && { reason: line(record.reason) }),
    ...(record.hint !== undefined && { hint: line(record.hint) }),
    ...(record.earlier?.length && { earlier: record.earlier.join(', ') }),
    requirements: record.requirements.map(line),
    deviations: withoutRepetition(record.deviations).map((one) => describe(one, record)),
    ...(record.process && { process: describeProcess(record.process) }),
    reproduce: reproduceCommand(record, run),
  };
}

/** `qmpcheck run ID --target T --seed S`, as qmpcheck was called for the run, unless the record names another. */
export function reproduceCommand({ id, again }: CaseRecord, run: RunIdentity): string {
  if (again !== undefined) return printable(again);
  const { program = ['qmpcheck'], options = [] } = run.invocation ?? {};
  const words = [...program, 'run', id, '--target', run.endpoint.target, '--seed', run.seed, ...options];
  return printable(words.map(shellWord).join(' '));
}

function line(text: string): string {
  return clip(printable(text), MESSAGE_LIMIT);
}

function describe({ deviation, times }: RepeatedDeviation, record: CaseRecord): DeviationText {
  const step = deviation.exchange === undefined ? undefined : record.transcript?.steps[deviation.exchange];
  const request = step && requestText(step);
  return {
    check: line(deviation.check),
    severity: deviation.severity,
    message: line(deviation.message),
    ...(deviation.path !== undefined && { path: line(deviation.path) }),
    ...(request !== undefined && { request }),
    ...(deviation.expected !== undefined && { expected: jsonText(deviation.expected) }),
    ...(deviation.got !== undefined && { got: jsonText(deviation.got) }),
    ...(times > 1 && { times }),
    ...(deviation.got === undefined && step?.reply !== undefined && { reply: jsonText(step.reply, 500) }),
  };
}

function requestText(step: TranscriptStep): string | undefined {
  if (step.send !== undefined) return jsonText(step.send);
  if (step.raw !== undefined) return `raw ${jsonText(step.raw)}`;
  if (step['raw-hex'] !== undefined) return `raw-hex ${line(step['raw-hex'])}`;
  if (step.wait) return `wait for ${line(step.wait.event)}`;
  return undefined;
}

function describeProcess(process: ProcessState): ProcessText {
  const ended =
    process.signal != null
      ? `signal ${process.signal}`
      : process.exitCode != null
        ? `exit status ${process.exitCode}`
        : undefined;
  const { unanswered = [] } = process;
  const oldest = unanswered.at(-1);
  const inFlight =
    oldest !== undefined && oldest.text === process.inFlight
      ? requestBy(oldest)
      : (process.inFlight ?? (process.unanswered && 'nothing: it was idle'));
  return {
    ...(ended !== undefined && { ended: line(ended) }),
    ...(inFlight !== undefined && { inFlight: line(inFlight) }),
    unanswered: unanswered.length > 1 ? unanswered.map(requestBy) : [],
    lastWords: counted(process.lastWords.map(line)),
  };
}

/** A request, and that it was not the case's where it was not. */
function requestBy({ text, by }: UnansweredRequest): string {
  const whose = { case: '', check: ' (asked by the checks)', runner: ' (asked by qmpcheck itself)' }[by];
  return `${line(text)}${whose}`;
}

/** Lines that come again and again are told once. */
function counted(lines: readonly string[]): string[] {
  const runs: { text: string; times: number }[] = [];
  for (const text of lines) {
    const last = runs.at(-1);
    if (last?.text === text) last.times += 1;
    else runs.push({ text, times: 1 });
  }
  return runs.map(({ text, times }) => (times === 1 ? text : `${text} (${times} times)`));
}
