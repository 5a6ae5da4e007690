/** Properties that hold for all arguments, tried with random ones and at every point of the schema. */
import type { Schema } from '../../../../spec/model.ts';
import type { CaseDefinition } from '../../case.ts';
import { invalidCases } from './invalid.ts';
import { effectCases } from './property-effects.ts';
import { pointCases } from './property-points.ts';
import { rawCases } from './raw-messages.ts';
import { validCases } from './valid.ts';

/** All property cases for a schema, which is what spec and endpoint both offer. */
export function propertyCases(schema: Schema): CaseDefinition[] {
  return [...validCases(schema), ...invalidCases(schema), ...pointCases(schema), ...effectCases, ...rawCases];
}
