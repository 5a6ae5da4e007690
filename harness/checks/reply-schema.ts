/** The value that a command returns has the type that the endpoint's own schema declares. */
import { issueText, validateReturn } from '../../spec/validate.ts';
import type { Check } from './check.ts';

export function replySchema(): Check {
  return {
    id: 'reply-schema',
    title: "A return value is valid by the endpoint's own introspection",
    after({ command, replies: [reply] }, { endpointSchema, report }) {
      const value = reply?.return;
      if (value === undefined || command === undefined || !endpointSchema.commands.has(command)) return;
      for (const issue of validateReturn(endpointSchema, command, value))
        report({
          severity: 'must',
          message: `${command} returned what its schema forbids: ${issueText(issue)}`,
          path: issue.path.replace('$', '$.return'),
        });
    },
  };
}
