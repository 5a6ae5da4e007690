/** Exit codes (the contract in docs/ARCHITECTURE.md), and how a subcommand says that the call was at fault. */
import type { RunRecord } from '../../reports/record.ts';
import { countUnexpected } from '../../reports/unexpected.ts';
import { exitCodeAfter, Interrupted } from '../cleanup.ts';

export const EXIT = {
  /** The run ended without anything unexpected. */
  ok: 0,
  /** Deviations, differences, findings, drift. */
  unexpected: 1,
  /** The call or the harness was at fault; wins over `unexpected`. */
  fault: 2,
  /** Ctrl-C; another signal has a code of its own. */
  interrupted: 130,
} as const;

/** 129 and 143: of SIGHUP and SIGTERM. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | 129 | 143;

/** For `--help`. `one`: what the subcommand ends with 1 for. */
export function exitCodesHelp(one: string): string {
  return `
Exit codes:
  0    nothing unexpected
  1    ${one}
  2    the call or qmpcheck itself was at fault, or no endpoint came up
  130  Ctrl-C (143 SIGTERM)`;
}

/** Of a call that this signal has ended. */
export function interruptedBy({ reason }: AbortSignal): ExitCode {
  return reason instanceof Interrupted ? (exitCodeAfter(reason.signalName) as ExitCode) : EXIT.interrupted;
}

/** Gives the exit code of a run, by the policy in its record. */
export function exitCodeOf(record: RunRecord): ExitCode {
  if (record.interrupted) return EXIT.interrupted;
  if (record.cases.some(({ outcome }) => outcome === 'error')) return EXIT.fault;
  return record.incomplete === true || countUnexpected(record) > 0 ? EXIT.unexpected : EXIT.ok;
}

/**
 * The call was at fault in what only shows when it is carried out (unreadable file, no such endpoint): printed as one
 * line, exit code 2. An option whose value is bad is commander's `InvalidArgumentError` (options.ts), with the same end.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
