/** `object-del`: deletes an object that nothing refers to. */
import type { Handler } from './handler.ts';

export const objectDel: Handler<'object-del'> = (args, { objects }) => {
  objects.remove(args.id);
  return {};
};
