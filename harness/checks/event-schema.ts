/** Every event is declared by the endpoint's own schema, and its data has the declared type. */
import { isJsonObject, type Json } from '../../spec/json.ts';
import type { Event } from '../../spec/model.ts';
import { issueText, validateEvent } from '../../spec/validate.ts';
import type { Check } from './check.ts';
import { downstreamIssueNote, downstreamNote } from './downstream.ts';

const isNothing = (data: Json): boolean =>
  data === null || (isJsonObject(data) && Object.keys(data).length === 0);

const hasNoData = ({ data, unchecked }: Event): boolean =>
  unchecked !== true && data.members.length === 0 && data.variants.length === 0;

export function eventSchema(): Check {
  return {
    id: 'event-schema',
    title: "An event is valid by the endpoint's own introspection",
    after({ events }, { endpointSchema, report, note }) {
      for (const event of events) {
        const name = event.event;
        const declared = typeof name === 'string' ? endpointSchema.events.get(name) : undefined;
        if (typeof name !== 'string' || declared === undefined) {
          const reserved = downstreamNote('event', String(name));
          if (reserved !== null) note(reserved);
          else
            report({ severity: 'must', message: `event ${String(name)} is not in the schema`, got: event });
          continue;
        }
        if (event.data !== undefined && isNothing(event.data) && hasNoData(declared))
          report({
            severity: 'must',
            message: `${name} has empty data, which should be left out`,
            path: '$.data',
            got: event,
          });
        for (const issue of validateEvent(endpointSchema, name, event.data ?? {})) {
          const reserved = downstreamIssueNote(issue);
          if (reserved !== null) {
            note(reserved);
            continue;
          }
          report({
            severity: 'must',
            message: `${name} has data that its schema forbids: ${issueText(issue)}`,
            path: issue.path.replace('$', '$.data'),
            got: event,
          });
        }
      }
    },
  };
}
