/**
 * Templates: calls that an endpoint is likely to accept, with what they need to be there. They bring a program into deep
 * states; the values of arguments at large come from the schema (`arguments.ts`) and from mutation.
 */
import type { JsonObject } from '../../spec/json.ts';
import type { CallBuilder } from './call-builder.ts';
import type { Kind } from './resources.ts';
import { BITMAP_TEMPLATES } from './templates/bitmaps-templates.ts';
import { GRAPH_TEMPLATES } from './templates/graph-templates.ts';
import { JOB_TEMPLATES } from './templates/jobs-templates.ts';
import { OTHER_TEMPLATES } from './templates/others-templates.ts';

/** A call that an endpoint is likely to accept, to be filled in by a builder. */
export interface CallTemplate {
  readonly command: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Kinds of which one must have been made. */
  readonly needs: readonly Kind[];
  make(builder: CallBuilder): JsonObject;
}

/** All templates. A generator passes over those whose command its configuration lacks. */
export const CALL_TEMPLATES: readonly CallTemplate[] = [
  ...GRAPH_TEMPLATES,
  ...JOB_TEMPLATES,
  ...BITMAP_TEMPLATES,
  ...OTHER_TEMPLATES,
];
