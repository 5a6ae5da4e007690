/** What to know of a requirement besides its level and text, in words. */
import type { RequirementRecord } from './record.ts';

/** Gives `observed`, `since 2.12`, `until 5.2`, `contradicted by NAME`, as far as they apply. For `list` and reports. */
export function requirementNotes({
  source,
  since,
  until,
  contradictedBy,
}: Pick<RequirementRecord, 'source' | 'since' | 'until' | 'contradictedBy'>): string[] {
  return [
    source === 'observation' && 'observed',
    since !== undefined && `since ${since}`,
    until !== undefined && `until ${until}`,
    contradictedBy !== undefined && `contradicted by ${contradictedBy}`,
  ].filter((note) => note !== false);
}

/** The text of a requirement, the notes behind it in parentheses. */
export function withNotes(requirement: RequirementRecord): string {
  const notes = requirementNotes(requirement);
  return notes.length > 0 ? `${requirement.text} (${notes.join(', ')})` : requirement.text;
}
