/**
 * Names with the prefix `__RFQDN_`, which QAPI reserves for downstream: an endpoint may have them beyond its schema, and a
 * client leaves alone what it does not know. They are noted.
 */
import { isDownstreamName } from '../../spec/compiler/names.ts';
import type { Issue } from '../../spec/validate.ts';

/** The note on a name that the schema lacks; null for one that is not reserved. `what`: which kind of name. */
export function downstreamNote(what: string, name: string): string | null {
  return isDownstreamName(name)
    ? `${what} ${name} is not in the schema; its name is reserved for downstream`
    : null;
}

/** The note on a member or value that the schema lacks; null for another issue. */
export function downstreamIssueNote({ code, foreign }: Issue): string | null {
  if (foreign === undefined) return null;
  return downstreamNote(code === 'enum' ? 'value' : 'member', foreign);
}
