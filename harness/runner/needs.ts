/** Why a case cannot run on an endpoint: what it needs and the endpoint, or the target, does not have. */
import type { ObjectType, Schema, SchemaType } from '../../spec/model.ts';
import type { CaseDefinition, Needs } from '../cases/case.ts';
import { missingKind, offersDriver } from '../cases/node-kinds.ts';
import type { Offered, Undecided } from '../probe/undecided.ts';
import type { TargetCapabilities } from '../targets/target.ts';

/** Options of a topology, and the capability of the targets that take them. */
const OPTION_CAPABILITIES = [
  ['-drive', 'drives'],
  ['-device', 'guestDevices'],
  ['-qtest', 'qtest'],
] as const;

/** Null if the case can run. `endpointSchema` is the endpoint's own schema, `undecided` what is not known of it. */
export function skipReason(
  { needs = {}, topology, fresh, freshSession = false }: CaseDefinition,
  endpointSchema: Schema,
  capabilities: TargetCapabilities,
  undecided?: Undecided,
): string | null {
  const { owned, monitors } = capabilities;
  if (topology !== undefined) {
    if (topology.monitors > monitors && !freshSession)
      return `needs ${topology.monitors} monitors; this target has at most ${monitors}`;
    if (!owned && topology.options.length > 0)
      return 'needs options, which an attached endpoint cannot be given';
    if (!capabilities.sharedFiles && topology.images.length > 0)
      return 'needs images, and the endpoint sees another file system';
    for (const [option, name] of OPTION_CAPABILITIES)
      if (topology.options.includes(option) && !capabilities[name]) return lacksCapability(name);
  }
  if (freshSession && monitors < 2 && !owned && !capabilities.reconnects)
    return 'needs a second connection, and this target can be connected to only once';
  if (fresh && !owned) return 'ends its endpoint or session, and this one is not ours';
  return unmet(needs, endpointSchema, capabilities, undecided);
}

function unmet(
  needs: Needs,
  endpointSchema: Schema,
  capabilities: TargetCapabilities,
  undecided?: Undecided,
): string | null {
  const command = needs.commands?.find((name) => undecided?.isAbsent({ what: 'command', name }));
  if (command !== undefined) return lacks('command', command);
  const driver = needs.drivers?.find((name) => undecided?.isAbsent({ what: 'driver', name }));
  if (driver !== undefined) return lacks('driver', driver);
  const reason = missing(needs, endpointSchema, capabilities);
  if (reason !== null || needs.oneOf === undefined) return reason;
  const reasons = needs.oneOf.map((either) => unmet(either, endpointSchema, capabilities, undecided));
  return reasons.includes(null) ? null : [...new Set(reasons)].join(', and ');
}

/** Whether a case that needs this cannot be judged on an endpoint that lacks that. Others are refused where they try it. */
export function needsIt(needs: Needs, { what, name }: Offered): boolean {
  return (
    what === 'command' ||
    needs.drivers?.includes(name) === true ||
    needs.oneOf?.some((either) => needsIt(either, { what, name })) === true
  );
}

function lacksCapability(name: keyof TargetCapabilities): string {
  return `the target lacks the capability ${name}`;
}

/** The reason of a skip. */
export function lacks(what: string, name: string): string {
  return `the endpoint does not offer ${what} ${name}`;
}

function missing(needs: Needs, endpointSchema: Schema, capabilities: TargetCapabilities): string | null {
  for (const name of needs.commands ?? [])
    if (!endpointSchema.commands.has(name)) return lacks('command', name);
  for (const name of needs.events ?? []) if (!endpointSchema.events.has(name)) return lacks('event', name);
  for (const name of needs.drivers ?? [])
    if (!offersDriver(endpointSchema, name)) return lacks('driver', name);
  for (const kind of needs.nodes ?? []) {
    const reason = missingKind(kind, endpointSchema, capabilities);
    if (reason !== null) return reason;
  }
  const objectAdd = endpointSchema.commands.get('object-add')?.arguments;
  for (const name of needs.objects ?? [])
    if (!hasTagValue(objectAdd, 'qom-type', name)) return lacks('object type', name);
  for (const name of needs.members ?? []) if (!hasMember(endpointSchema, name)) return lacks('member', name);
  for (const name of needs.capabilities ?? []) if (!capabilities[name]) return lacksCapability(name);
  return null;
}

/** Whether `tag` may have the value. Where it is no enum (`qom-type` was a string once) nothing is known: true. */
function hasTagValue(type: ObjectType | undefined, tag: string, value: string): boolean {
  const tagType = type?.members.find(({ name }) => name === tag)?.type;
  if (tagType === undefined) return false;
  return tagType.kind !== 'enum' || tagType.members.some(({ name }) => name === value);
}

/**
 * `command.member` looks in the command's arguments, branches included; `command.member.member` follows them. A
 * first word that is neither command nor event names a type, which an introspection does not tell: true.
 */
function hasMember(endpointSchema: Schema, path: string): boolean {
  const [first, ...members] = path.split('.');
  const start = endpointSchema.commands.get(first!)?.arguments ?? endpointSchema.events.get(first!)?.data;
  if (start === undefined) return endpointSchema.types.has(first!) === false;
  let types: readonly SchemaType[] = [start];
  for (const member of members) {
    types = types.flatMap((type) => membersOf(type)).flatMap((m) => (m.name === member ? [m.type] : []));
    if (types.length === 0) return false;
  }
  return true;
}

function membersOf(type: SchemaType): ObjectType['members'] {
  if (type.kind === 'array') return membersOf(type.element);
  if (type.kind === 'alternate') return type.choices.flatMap(membersOf);
  if (type.kind !== 'object') return [];
  return [...type.members, ...type.variants.flatMap(({ type: branch }) => branch.members)];
}
