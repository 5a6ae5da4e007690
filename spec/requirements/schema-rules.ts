/** Rules that hold for the arguments and results of every command, and for every event, whatever it does. */
import type { Requirement } from './requirement.ts';

export const schemaRules = {
  'schema/alternate-type': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'An alternate takes the JSON types of its branches and refuses every other with GenericError.',
  },
  'schema/branch-members': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A union takes the members of the branch that its tag selects; those of another branch are unknown members.',
  },
  'schema/case-sensitive': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'Names of commands, members and enum values are compared exactly, with case.',
  },
  'schema/enum-value': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A string that is no value of the enum is refused with GenericError.',
  },
  'schema/event-data': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'The data of every event conforms to the schema: required members present, no unknown ones, types right.',
  },
  'schema/integer-form': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A number with a fraction or an exponent is not an integer, even where its value is whole.',
  },
  'schema/integer-range': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'An integer beyond the range of its type is refused with GenericError.',
  },
  'schema/list-elements': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'Each element of a list is held to the element type; one ill-typed element refuses the whole.',
  },
  'schema/member-missing': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A command without a required member, at any depth, is refused with GenericError.',
  },
  'schema/member-type': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A member of another JSON type than the schema gives, null included, is refused with GenericError.',
  },
  'schema/member-unknown': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A member that the schema does not have, at any depth, is refused with GenericError.',
  },
  'schema/optional-members': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A member marked as optional can be left out: the command is never refused by the schema for its absence.',
  },
  'schema/refused-before-effects': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'A command refused by the schema has changed nothing: no node, job, bitmap, file or limit.',
  },
  'schema/return-value': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'What a command returns conforms to the schema: required members present, no unknown ones, types right.',
  },
  'schema/uint64-takes-negative': {
    level: 'may',
    definition: 'protocol/schema',
    text: 'A uint64 on input may be written as the negative int64 of the same bits.',
  },
  'schema/valid-form-is-taken': {
    level: 'must',
    definition: 'protocol/schema',
    text: 'Arguments that the schema allows are never refused for their form: no valid member is called missing, unexpected, ill-typed or out of range.',
  },
} as const satisfies Record<string, Requirement>;
