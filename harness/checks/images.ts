/**
 * Images at rest: what an endpoint leaves of a qcow2 image, when it has closed it, is sound. Images that were not so when a
 * message first named them were made by the case, which is about just that.
 */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Check } from './check.ts';

export function images(): Check {
  const seen = new Set<string>();
  const brokenBefore = new Set<string>();
  /** Something failed, or may have: then clusters may have been given up, which is safe. */
  let failed = false;
  return {
    id: 'images',
    title: 'An image that the endpoint has closed is sound',
    async before({ arguments: args }, { probe }) {
      for (const path of paths(args ?? null)) {
        if (seen.has(path)) continue;
        seen.add(path);
        const faults = await probe.imageFaults(path);
        if (faults !== null && faults.length > 0) brokenBefore.add(nameOf(path));
      }
    },
    after({ arguments: args, replies, events }) {
      failed ||= replies.some((reply) => Object.hasOwn(reply, 'error')) || events.some(tellsFailure);
      failed ||= args !== undefined && stringifyJson(args).includes('blkdebug');
    },
    async end({ held, endpointSchema, probe, report }) {
      if (held === undefined || !endpointSchema.commands.has('query-named-block-nodes')) return;
      const nodes = await probe.ask('query-named-block-nodes');
      if (nodes === null || nodes === 'refused') return;
      const used = stringifyJson(nodes.value);
      const closed = held.after.files.filter(
        (name) => !used.includes(name) && !held.after.openFiles.includes(name) && !brokenBefore.has(name),
      );
      for (const name of closed)
        for (const { kind, text } of (await probe.imageFaults(name)) ?? [])
          if (kind === 'corruption' || !failed)
            report({
              severity: kind === 'corruption' ? 'must' : 'should',
              message: `an image that was closed ${text}`,
              got: name,
            });
    },
  };
}

function tellsFailure({ event, data }: JsonObject): boolean {
  return (
    /ERROR|CORRUPTED|CANCELLED/.test(String(event)) || (isJsonObject(data) && Object.hasOwn(data, 'error'))
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Absolute paths in arguments. */
function* paths(value: Json): Iterable<string> {
  if (typeof value === 'string') {
    if (value.startsWith('/')) yield value;
  } else if (Array.isArray(value)) for (const item of value) yield* paths(item);
  else if (isJsonObject(value)) for (const item of Object.values(value)) yield* paths(item);
}
