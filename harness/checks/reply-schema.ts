/** The value that a command returns has the type that the endpoint's own schema declares. */
import { issueText, validateReturn } from '../../spec/validate.ts';
import type { Check } from './check.ts';
import { downstreamIssueNote } from './downstream.ts';

export function replySchema(): Check {
  return {
    id: 'reply-schema',
    title: "A return value is valid by the endpoint's own introspection",
    after({ command, replies: [reply] }, { endpointSchema, report, note }) {
      const value = reply?.return;
      if (value === undefined || command === undefined || !endpointSchema.commands.has(command)) return;
      for (const issue of validateReturn(endpointSchema, command, value)) {
        const reserved = downstreamIssueNote(issue);
        if (reserved !== null) {
          note(reserved);
          continue;
        }
        report({
          severity: 'must',
          message: `${command} returned what its schema forbids: ${issueText(issue)}`,
          path: issue.path.replace('$', '$.return'),
        });
      }
    },
  };
}
