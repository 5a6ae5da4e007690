/** `human-monitor-command`: a line of the human monitor; what that prints is the result. */
import type { Handler } from './handler.ts';

export const humanMonitorCommand: Handler<'human-monitor-command'> = (args, context) =>
  context.humanLine(args['command-line']);
