/** `qom-get`: the value of a property. */
import { QomTree } from '../devices/qom-tree.ts';
import type { Handler } from './handler.ts';

export const qomGet: Handler<'qom-get'> = ({ path, property }, { devices }) =>
  new QomTree(devices).get(path, property);
