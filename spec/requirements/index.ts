/** All requirements, by id. A new theme is one file and one line here. */
import type { Requirement } from './requirement.ts';

export const requirements = {} as const satisfies Record<string, Requirement>;

export type RequirementId = keyof typeof requirements;
export type { Requirement };
