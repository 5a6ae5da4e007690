/** `qom-set`: changes the value of a property. */
import { QomTree } from '../devices/qom-tree.ts';
import type { Handler } from './handler.ts';

export const qomSet: Handler<'qom-set'> = ({ path, property, value }, { devices }) => {
  new QomTree(devices).set(path, property, value);
  return {};
};
