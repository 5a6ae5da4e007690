/** `qom-list`: the properties of an object. */
import { QomTree } from '../devices/qom-tree.ts';
import type { Handler } from './handler.ts';

export const qomList: Handler<'qom-list'> = ({ path }, { devices }) =>
  new QomTree(devices).list(path).map(({ name, type }) => ({ name, type }));
