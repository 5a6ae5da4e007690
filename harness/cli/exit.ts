/** Exit codes (the contract in docs/ARCHITECTURE.md), and how a subcommand says that the call was at fault. */

export const EXIT = {
  /** Nothing unexpected. */
  ok: 0,
  /** Deviations, differences, findings, drift. */
  unexpected: 1,
  /** The call or the harness was at fault; wins over `unexpected`. */
  fault: 2,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The call was at fault in what only shows when it is carried out (unreadable file, no such endpoint): printed as one
 * line, exit code 2. An option whose value is bad is commander's `InvalidArgumentError` (options.ts), with the same end.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
