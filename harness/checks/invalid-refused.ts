/** Arguments that the endpoint's own schema forbids are refused. */
import { issueText, validateArguments } from '../../spec/validate.ts';
import type { Check } from './check.ts';

/** Commands that some versions hand on unchecked, which introspection does not say. */
const HANDED_ON = new Set(['device_add', 'netdev_add', 'object-add']);

export function invalidRefused(): Check {
  return {
    id: 'invalid-refused',
    title: "Arguments that are invalid by the endpoint's own introspection are refused",
    after({ command, arguments: args = {}, replies: [reply] }, { endpointSchema, report }) {
      if (reply?.return === undefined || command === undefined) return;
      if (!endpointSchema.commands.has(command) || HANDED_ON.has(command)) return;
      for (const issue of validateArguments(endpointSchema, command, args))
        report({
          severity: 'must',
          message: `${command} took what its schema forbids: ${issueText(issue)}`,
          path: issue.path.replace('$', '$.arguments'),
        });
    },
  };
}
