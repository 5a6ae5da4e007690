/** `qmp_capabilities`: ends the negotiation of a session; there is nothing to negotiate. */
import { CommandError, type Handler } from './handler.ts';

export const qmpCapabilities: Handler<'qmp_capabilities'> = (_args, _context, session) => {
  if (session.negotiated)
    throw new CommandError(
      'Capabilities negotiation is already complete, command ignored',
      'CommandNotFound',
    );
  session.negotiated = true;
  return {};
};
