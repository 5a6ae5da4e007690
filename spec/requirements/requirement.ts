/**
 * One normative statement of the spec in our own words. Ids are slugs that never change; `definition` names the
 * command, event, type or protocol section that it comes from.
 */
export interface Requirement {
  readonly level: 'must' | 'should' | 'may';
  /** `block_resize`, `BlockdevOptionsRaw`, `protocol/errors`. */
  readonly definition: string;
  readonly text: string;
  /** Observation that shows otherwise: then its case reports `info`. */
  readonly contradictedBy?: string;
}
