/**
 * Options of a definition that no schema was asked about before: they come as a list of text (`-drive`) or in a `json:` name. Any
 * may be left out there; what a driver cannot do without it asks for itself, and what is left over when it has opened is refused.
 */
import { loadBlockSchema } from '../../spec/block-core.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Member, ObjectType, SchemaType } from '../../spec/model.ts';
import type { AnyDriver } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';
import { flatNames, inQDictOrder } from '../qapi/qdict-order.ts';

let loose: ObjectType | undefined;

/** The type of such a definition: `BlockdevOptions`, of which no member must be there. */
export function looseDefinitionType(): ObjectType {
  loose ??= looser(loadBlockSchema().types.get('BlockdevOptions') as ObjectType);
  return loose;
}

function looser(definition: ObjectType): ObjectType {
  const made: { -readonly [K in keyof ObjectType]: ObjectType[K] } = { ...definition };
  const inside = (type: SchemaType): SchemaType => {
    if (type === definition) return made;
    if (type.kind === 'array') return { ...type, element: inside(type.element) };
    return type.kind === 'alternate' ? { ...type, choices: type.choices.map(inside) } : type;
  };
  const optional = (member: Member): Member => ({ ...member, type: inside(member.type), optional: true });
  made.members = definition.members.map(optional);
  made.variants = definition.variants.map((variant) => ({
    ...variant,
    type: { ...variant.type, members: variant.type.members.map(optional) },
  }));
  return made;
}

/** What the schema lets a definition of this driver say. */
export function knownOptions(driver: string): ReadonlyMap<string, SchemaType> {
  const { members, variants } = looseDefinitionType();
  const own = variants.find((variant) => variant.case === driver)?.type.members ?? [];
  return new Map([...members, ...own].map(({ name, type }) => [name, type]));
}

/** `own`: the options of a node that its driver was opened with. Throws `CommandError` if there are some that it has not. */
export function refuseForeign(name: string, driver: AnyDriver, own: JsonObject): void {
  const known = knownOptions(name);
  const foreign = Object.entries(own).filter(
    ([option]) =>
      option !== 'backing' && !known.has(option) && driver.unlistedOptions?.includes(option) !== true,
  );
  const [first] = inQDictOrder(flatNames(Object.fromEntries(foreign)));
  if (first === undefined) return;
  throw new CommandError(
    driver.kind === 'format'
      ? `Block format '${name}' does not support the option '${first}'`
      : `Block protocol '${name}' doesn't support the option '${first}'`,
  );
}
