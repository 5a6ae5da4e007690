/** `block_passwd`: how passwords of encrypted images were once given; secrets are used since. */
import { CommandError, type Handler } from './handler.ts';

export const blockPasswd: Handler<'block_passwd'> = () => {
  throw new CommandError('Setting block passwords directly is no longer supported');
};
