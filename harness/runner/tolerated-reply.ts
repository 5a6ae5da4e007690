/** A reply as cases and checks see it: without the habits of the endpoint that another case tells. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Quirks } from '../qmp/quirks.ts';

/** `request` is what it answers, null where that is not known; the reply itself stays as it is. */
export function toleratedReply(reply: JsonObject, request: JsonObject | null, quirks: Quirks): JsonObject {
  const { replyMembers = [], addedId = false, versionKey } = quirks;
  const known = new Set(replyMembers);
  if (addedId && (request === null ? reply.id === null : !Object.hasOwn(request, 'id'))) known.add('id');
  const seen =
    known.size === 0
      ? reply
      : Object.fromEntries(Object.entries(reply).filter(([member]) => !known.has(member)));
  const version = seen.return;
  if (versionKey === undefined || request?.execute !== 'query-version' || !isJsonObject(version)) return seen;
  const { [versionKey]: own, ...rest } = version;
  return own === undefined ? seen : { ...seen, return: { ...rest, qemu: own } };
}
