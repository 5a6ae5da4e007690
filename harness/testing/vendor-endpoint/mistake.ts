/** What a planted mistake is, and what must be found of it. */
import type { Vmm } from './vmm.ts';

export interface Mistake {
  /** Slug by which it is switched on. */
  readonly name: string;
  /** What the endpoint does. */
  readonly title: string;
  /** Patterns of cases that suffice to find it. */
  readonly cases: readonly string[];
  /** One of the causes in the report must be of this check, with such a message. */
  readonly cause: { readonly check: string; readonly message: RegExp };
  /** How the cases end that see it. Default: fail. `info`: it is noted, and no deviation. */
  readonly outcome?: 'crash' | 'timeout' | 'info';
  /** Why it is left out where all are switched on at once: what it would hide, or cost. */
  readonly apart?: string;
  plant(vmm: Vmm): void;
}
