/** Every event is declared by the endpoint's own schema, and its data has the declared type. */
import { issueText, validateEvent } from '../../spec/validate.ts';
import type { Check } from './check.ts';
import { downstreamIssueNote, downstreamNote } from './downstream.ts';

export function eventSchema(): Check {
  return {
    id: 'event-schema',
    title: "An event is valid by the endpoint's own introspection",
    after({ events }, { endpointSchema, report, note }) {
      for (const event of events) {
        const name = event.event;
        if (typeof name !== 'string' || !endpointSchema.events.has(name)) {
          const reserved = downstreamNote('event', String(name));
          if (reserved !== null) note(reserved);
          else
            report({ severity: 'must', message: `event ${String(name)} is not in the schema`, got: event });
          continue;
        }
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
