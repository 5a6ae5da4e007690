/** The ways in which a case ends before its last line. Thrown by the context, understood by `run-case.ts` alone. */

/** A deviation was recorded that makes going on pointless. */
export class CaseFailed extends Error {
  override readonly name = 'CaseFailed';
}

export class CaseSkipped extends Error {
  override readonly name = 'CaseSkipped';
}

/** The endpoint's process ended, or its connection did, while the case wanted something of it. */
export class EndpointGone extends Error {
  override readonly name = 'EndpointGone';
}
