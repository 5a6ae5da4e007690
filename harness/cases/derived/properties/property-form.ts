/** Tells refusals for the form of arguments from those for what they mean, by the texts of the input check. */
import type { Points } from '../../../../generators/points/points.ts';
import { at } from '../../../../generators/types/path.ts';
import type { JsonObject } from '../../../../spec/json.ts';

/** Each names a member, as `a.b[0].c`. */
const OF_MEMBER = [
  /^Invalid parameter type for '([^']+)', expected: (?:string|integer|number|boolean|null|object|array|[A-Z]\w+)$/,
  /^Parameter '([^']+)' is (?:missing|unexpected)$/,
  /^Parameter '([^']+)' expects u?int(?:8|16|32|64)(?:_t)?$/,
];
/** Name a value of an enum. */
const OF_VALUE = [/^Invalid parameter '([^']*)'$/, /^Parameter '[^']+' does not accept value '([^']*)'$/];

/**
 * Whether `desc` finds fault with the form of valid arguments: a member that is there is called missing, unexpected or
 * ill-typed, or a value of an enum is called none.
 */
export function faultsForm(desc: string, args: JsonObject, points: Points): boolean {
  for (const pattern of OF_MEMBER) {
    const name = pattern.exec(desc)?.[1];
    if (name !== undefined) return at(args, pathOf(name)) !== undefined;
  }
  for (const pattern of OF_VALUE) {
    const value = pattern.exec(desc)?.[1];
    if (value !== undefined) return [...points.visited(args)].some((id) => id.endsWith(`=${value}`));
  }
  return false;
}

function pathOf(name: string): (string | number)[] {
  return name.split(/\.|(?=\[)/).map((part) => (part.startsWith('[') ? Number(part.slice(1, -1)) : part));
}
