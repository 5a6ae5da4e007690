/** From a type to its generator: one function a QAPI kind, called when a value of it is first needed. */
import type { AlternateType, ObjectType, SchemaType } from '../../spec/model.ts';
import { type Branch, branchesOf } from '../types/members.ts';
import type { Place } from '../types/roles.ts';
import { alternateGenerator } from './alternate.ts';
import { arrayGenerator } from './array.ts';
import { builtinGenerator } from './builtin.ts';
import { enumGenerator } from './enum.ts';
import type { Generator } from './generator.ts';
import { type MemberGenerator, structGenerator } from './object.ts';
import { unionGenerator } from './union.ts';

/** The generators of one command, or of one type by itself; what a string names depends on where it stands. */
export class Compiler {
  readonly #command: string | undefined;
  readonly #objects = new Map<ObjectType, Generator>();

  constructor(command?: string) {
    this.#command = command;
  }

  generatorOf(type: SchemaType, place: Partial<Place> = {}): Generator {
    const here: Place = {
      member: '',
      nodeOptions: false,
      nodeReference: false,
      ...(this.#command !== undefined && { command: this.#command }),
      ...place,
    };
    switch (type.kind) {
      case 'builtin':
        return builtinGenerator(type, here);
      case 'enum':
        return enumGenerator(type);
      case 'array':
        return arrayGenerator(once(() => this.generatorOf(type.element, here)));
      case 'alternate': {
        const nodeReference = isNodeReference(type);
        const choices = type.choices.map((choice) =>
          once(() => this.generatorOf(choice, { ...here, nodeReference })),
        );
        return alternateGenerator(type, (index) => choices[index]!());
      }
      case 'object':
        return this.#objectGenerator(type);
    }
  }

  #objectGenerator(type: ObjectType): Generator {
    let generator = this.#objects.get(type);
    if (generator === undefined) {
      const members = (branch: Branch) => this.#members(branch, isNodeOptions(type));
      generator =
        type.tag === undefined
          ? structGenerator(members(branchesOf(type)[0]!))
          : unionGenerator(type, type.tag, members);
      this.#objects.set(type, generator);
    }
    return generator;
  }

  #members(branch: Branch, nodeOptions: boolean): MemberGenerator[] {
    return branch.members.map(({ name, type, optional }) => ({
      name,
      optional,
      generator: once(() => this.generatorOf(type, { member: name, nodeOptions })),
    }));
  }
}

/** Whether an alternate is a node, by reference or by definition. */
export function isNodeReference(type: AlternateType): boolean {
  return type.choices.some((choice) => choice.kind === 'object' && isNodeOptions(choice));
}

/** Masked names tell nothing, so that the options of a node are told by their looks. */
export function isNodeOptions(type: ObjectType): boolean {
  return type.tag === 'driver' && type.members.some(({ name }) => name === 'node-name');
}

function once(make: () => Generator): () => Generator {
  let made: Generator | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
