/**
 * One normative statement in our own words. Ids are slugs that never change; `definition` names the
 * command, event, type or protocol section that it comes from.
 */
export interface Requirement {
  readonly level: 'must' | 'should' | 'may';
  /** `block_resize`, `BlockdevOptionsRaw`, `protocol/errors`. */
  readonly definition: string;
  readonly text: string;
  /** Where the statement stands. Absent: in the prose of the spec. `observation`: nowhere, endpoints were seen to do it. */
  readonly source?: 'observation';
  /** First version of QEMU in which it holds, as `2.12`. Absent: as long as there is the definition. */
  readonly since?: string;
  /** Last version of QEMU in which it holds. Absent: it still does. */
  readonly until?: string;
  /**
   * Transcript of an endpoint that did otherwise: a breach is information then, and no failure. `contradictions.test.ts` says
   * where it is, and sees that it shows it.
   */
  readonly contradictedBy?: string;
}

/** A statement of the spec whose breach no client can see: it has no case, and a reason. */
export interface Unobservable {
  readonly definition: string;
  /** The statement in our own words; of a definition that says nothing of its own, what it is. */
  readonly text: string;
  /** Nothing can be observed because … */
  readonly reason: string;
}
