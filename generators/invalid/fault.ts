/** One fault: valid arguments, a mutation, and what comes of both, as a value and as the text on the wire. */
import { type JsonObject, stringifyJson } from '../../spec/json.ts';
import { at, type Path, pathText, put, take } from '../types/path.ts';
import { type Change, MUTATIONS, type MutationName } from './mutations.ts';
import type { Site } from './site.ts';

/** What a refusal of any of these is: never another class, never a success. */
export const FAULT_CLASS = 'GenericError';

/** Arguments with one fault, the arguments that they were made from, and what a refusal of them is to look like. */
export interface Fault {
  readonly mutation: MutationName;
  /** The member at fault. */
  readonly path: string;
  /** For messages: `$.file.driver: 1`. */
  readonly where: string;
  /** What a helpful refusal mentions, any of these; none where nobody does. */
  readonly mentions: readonly string[];
  readonly errorClass: typeof FAULT_CLASS;
  /** The arguments before. */
  readonly valid: JsonObject;
  /** Null where no value of ours can say it. */
  readonly arguments: JsonObject | null;
  /** JSON text of the faulty arguments. */
  readonly wire: string;
}

/** All faults of one mutation at one site. */
export function* faultsAt(mutation: MutationName, site: Site, args: JsonObject): Iterable<Fault> {
  for (const change of MUTATIONS[mutation].at(site)) yield faultOf(mutation, site, change, args);
}

const MARK = '@@fault@@';

export function faultOf(mutation: MutationName, site: Site, change: Change, valid: JsonObject): Fault {
  const path: Path = [...site.path, change.member];
  const { value, text } = applied(change, site, path, valid);
  const alsoValue = mutation === 'unknown-value' && 'put' in change ? [String(change.put)] : [];
  return {
    mutation,
    path: pathText('rename' in change ? [...site.path, change.rename] : path),
    where: `${path.join('.')}: ${told(mutation, change)}`,
    mentions: mutation === 'wrong-element' ? [] : [change.member, ...alsoValue],
    errorClass: FAULT_CLASS,
    valid,
    arguments: value,
    get wire() {
      return text?.() ?? stringifyJson(value!);
    },
  };
}

interface Applied {
  readonly value: JsonObject | null;
  readonly text?: () => string;
}

function applied(change: Change, site: Site, path: Path, args: JsonObject): Applied {
  if ('put' in change) return { value: put(args, path, change.put) as JsonObject };
  if ('take' in change) return { value: take(args, path) };
  if ('rename' in change) {
    const renamed = put(args, [...site.path, change.rename], at(args, path)!) as JsonObject;
    return { value: take(renamed, path) };
  }
  const name = 'again' in change ? MARK : change.member;
  const marked = put(args, [...site.path, name], 'again' in change ? change.again : MARK);
  const replacement = 'again' in change ? JSON.stringify(change.member) : change.literal;
  return { value: null, text: () => stringifyJson(marked).replace(`"${MARK}"`, replacement) };
}

function told(mutation: MutationName, change: Change): string {
  if ('take' in change) return 'missing';
  if ('rename' in change) return `as ${change.rename}`;
  if ('again' in change) return `again, as ${stringifyJson(change.again)}`;
  if ('literal' in change) return change.literal.length > 20 ? 'nested deeply' : change.literal;
  if (mutation === 'unknown-member') return 'unknown';
  return mutation === 'wrong-branch' ? 'of another branch' : stringifyJson(change.put);
}
