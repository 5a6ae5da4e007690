/** What cases are about: the commands, events and drivers of the spec, its other types, and the protocol itself. */
import type { Schema, SchemaType } from '../../spec/model.ts';
import type { RequirementRecord } from '../record.ts';
import type { SubjectKind } from './compat-model.ts';

export interface Subject {
  readonly kind: SubjectKind;
  readonly name: string;
}

export class Subjects {
  readonly #byName = new Map<string, Subject>();
  /** Drivers by the type of their branch. */
  readonly #driversOf = new Map<string, string[]>();

  constructor(spec: Schema) {
    for (const name of [...spec.commands.keys()].toSorted()) this.#add('command', name);
    for (const name of [...spec.events.keys()].toSorted()) this.#add('event', name);
    for (const [driver, type] of drivers(spec)) {
      this.#add('driver', driver);
      if (type !== null) this.#driversOf.set(type, [...(this.#driversOf.get(type) ?? []), driver]);
    }
  }

  /** Gives the subjects of the spec, and those of protocol and types as far as requirements name them. */
  all(requirements: Iterable<RequirementRecord>): Subject[] {
    for (const { definition } of requirements) this.ofDefinition(definition);
    const order: readonly SubjectKind[] = ['command', 'event', 'driver', 'protocol', 'type'];
    return order.flatMap((kind) => [...this.#byName.values()].filter((subject) => subject.kind === kind));
  }

  ofDefinition(definition: string): string[] {
    const ofDriver = this.#driversOf.get(definition);
    if (ofDriver !== undefined) return ofDriver;
    if (!this.#byName.has(definition)) this.#add(definition.includes('/') ? 'protocol' : 'type', definition);
    return [definition];
  }

  /** By what the id names and what the requirements define. */
  ofCase(id: string, definitions: readonly string[]): string[] {
    const named = id.split('/').filter((word) => this.#byName.has(word));
    return [...new Set([...named, ...definitions.flatMap((definition) => this.ofDefinition(definition))])];
  }

  #add(kind: SubjectKind, name: string): void {
    if (!this.#byName.has(name)) this.#byName.set(name, { kind, name });
  }
}

/** The drivers of a schema that has blockdev-add, with the name of the type of their options. */
export function drivers(schema: Schema): Map<string, string | null> {
  const options = schema.commands.get('blockdev-add')?.arguments;
  const tag: SchemaType | undefined = options?.members.find(({ name }) => name === options.tag)?.type;
  const values = tag?.kind === 'enum' ? tag.members.map(({ name }) => name).toSorted() : [];
  return new Map(
    values.map((name) => [
      name,
      options!.variants.find((variant) => variant.case === name)?.type.name ?? null,
    ]),
  );
}
