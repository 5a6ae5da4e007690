/** `object-add`: makes an object for others to refer to. */
import { isJsonObject } from '../../spec/json.ts';
import { createObject } from '../objects/create-object.ts';
import { CommandError, type Handler } from './handler.ts';

export const objectAdd: Handler<'object-add'> = (args, context) => {
  const { id, 'qom-type': type, props = {} } = args;
  if (!isJsonObject(props)) throw new CommandError("Invalid parameter type for 'props', expected: dict");
  createObject(context, type, id, props);
  return {};
};
