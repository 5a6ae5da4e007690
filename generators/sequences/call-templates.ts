/**
 * Shapes: calls that an endpoint is likely to accept, with what they need to be there. They bring a program into deep
 * states; the values of arguments at large come from the schema (`arguments.ts`) and from mutation.
 */
import type { JsonObject } from '../../spec/json.ts';
import type { Deal } from './call-builder.ts';
import type { Kind } from './resources.ts';
import { BITMAP_SHAPES } from './templates/bitmaps-templates.ts';
import { GRAPH_SHAPES } from './templates/graph-templates.ts';
import { JOB_SHAPES } from './templates/jobs-templates.ts';
import { OTHER_SHAPES } from './templates/others-templates.ts';

export interface Shape {
  readonly command: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  /** Kinds of which one must have been made. */
  readonly needs: readonly Kind[];
  make(deal: Deal): JsonObject;
}

export const SHAPES: readonly Shape[] = [...GRAPH_SHAPES, ...JOB_SHAPES, ...BITMAP_SHAPES, ...OTHER_SHAPES];
