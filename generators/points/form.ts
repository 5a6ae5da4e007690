/** What a member's value can be, as the schema tells values apart: each enum value, each limit, each form. */
import type { IntegerRange } from '../../spec/integers.ts';
import type { Json } from '../../spec/json.ts';
import type { SchemaType } from '../../spec/model.ts';
import { validatorFor } from '../../spec/validate.ts';
import { type Compiler, isNodeReference } from '../arbitraries/compile-generators.ts';
import type { Draw } from '../arbitraries/draw.ts';
import { isFixed } from '../arbitraries/string-value.ts';
import { generatedRange, isBounded } from '../types/bounds.ts';
import { type Place, roleOf } from '../types/roles.ts';

export interface Form {
  /** `=on`, `=max`, `[] empty`, `as object`. */
  readonly label: string;
  matches(value: Json): boolean;
  make(draw: Draw): Json;
}

export function formsOf(type: SchemaType, place: Place, compiler: Compiler): readonly Form[] {
  switch (type.kind) {
    case 'enum':
      return type.members.map(({ name }) => exactly(`=${name}`, name));
    case 'object':
      return [];
    case 'builtin':
      if (type.jsonType === 'boolean') return [exactly('=false', false), exactly('=true', true)];
      if (type.jsonType === 'string') return isFixed(roleOf(place)) ? [] : [exactly('=""', '')];
      if (type.jsonType !== 'int' || isBounded(type, place)) return [];
      return limits(generatedRange(type, place));
    case 'array': {
      const element = compiler.generatorOf(type.element, place);
      return [
        { label: '[] empty', matches: (value) => isList(value) && value.length === 0, make: () => [] },
        {
          label: '[] filled',
          matches: (value) => isList(value) && value.length > 0,
          make: (draw) => [element.generate(draw)],
        },
        ...formsOf(type.element, place, compiler).map((form) => ({
          label: `[]${form.label}`,
          matches: (value: Json) => isList(value) && value.some((item) => form.matches(item)),
          make: (draw: Draw) => [form.make(draw)],
        })),
      ];
    }
    case 'alternate':
      return type.choices.flatMap((choice) => {
        const fits = validatorFor(choice, 'input');
        const accepts = (value: Json) => fits(value).length === 0;
        const nodeReference = isNodeReference(type);
        const generator = compiler.generatorOf(choice, { ...place, nodeReference });
        const as = {
          label: `as ${jsonTypeOf(choice)}`,
          matches: accepts,
          make: (draw: Draw) => generator.generate(draw),
        };
        return [as, ...formsOf(choice, { ...place, nodeReference }, compiler)];
      });
  }
}

function exactly(label: string, value: Json): Form {
  return { label, matches: (other) => other === value, make: () => value };
}

function limits({ min, max }: IntegerRange): Form[] {
  const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
  return [exactly('=min', exact(min)), exactly('=max', exact(max))];
}

function isList(value: Json): value is Json[] {
  return Array.isArray(value);
}

function jsonTypeOf(type: SchemaType): string {
  if (type.kind === 'enum') return 'string';
  return type.kind === 'builtin' ? type.jsonType : type.kind;
}
