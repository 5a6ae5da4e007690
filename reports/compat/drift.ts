/** Schema drift of the endpoints against the spec and each other, from the introspections in their transcripts. */
import { align } from '../../spec/drift/align.ts';
import { changesOf } from '../../spec/drift/changes.ts';
import { noun } from '../../spec/drift/drift-text.ts';
import { compareReleases } from '../../spec/drift/release.ts';
import { IntrospectionError, readIntrospection } from '../../spec/introspection.ts';
import { isJsonObject, type Json } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { RunRecord } from '../record.ts';
import type { DriftReport } from './compat-model.ts';

/** The schema that the endpoint told in one of the cases; null if none asked for it. */
export function offeredSchema(record: RunRecord): Schema | null {
  for (const { transcript } of record.cases) {
    for (const { send, reply } of transcript?.steps ?? []) {
      if (!isJsonObject(send) || send.execute !== 'query-qmp-schema' || !isJsonObject(reply)) continue;
      const schema = readable(reply.return ?? null);
      if (schema !== null) return schema;
    }
  }
  return null;
}

function readable(answer: Json): Schema | null {
  try {
    return readIntrospection(answer);
  } catch (error) {
    if (error instanceof IntrospectionError) return null;
    throw error;
  }
}

/** A schema to compare with the spec. */
export interface Offering {
  readonly label: string;
  /** `7.2.13`; null where nobody told. */
  readonly release: string | null;
  readonly schema: Schema;
  /** Index of the endpoint that offers it; null where it is only a version to compare with. */
  readonly endpoint: number | null;
}

/** The timeline tells of what the spec has: of commands and events beyond it only the number. */
export function driftReport(spec: Schema, specLabel: string, offerings: readonly Offering[]): DriftReport {
  const known = offerings.toSorted((a, b) => compareReleases(a.release ?? '', b.release ?? ''));
  const points = align([spec, ...known.map(({ schema }) => schema)]);
  const isTop = (kind: string) => kind === 'command' || kind === 'event';
  const ofSpec = points.filter(({ kind, states }) => !isTop(kind) || states[0] !== null);
  return {
    columns: [
      { label: specLabel, endpoint: null },
      ...known.map(({ label, endpoint }) => ({ label, endpoint })),
    ],
    changes: [[], ...known.map((_, index) => changesOf(ofSpec, 0, index + 1))],
    beyond: [0, ...known.map(({ schema }) => beyond(spec, schema))],
    timeline: ofSpec.map((point) => ({ noun: noun(point), path: point.path, states: point.states })),
  };
}

function beyond(spec: Schema, schema: Schema): number {
  const commands = [...schema.commands.keys()].filter((name) => !spec.commands.has(name));
  return commands.length + [...schema.events.keys()].filter((name) => !spec.events.has(name)).length;
}
