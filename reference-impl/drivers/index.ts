/** The block drivers of the reference. What the endpoint advertises as `BlockdevDriver` is this table. */

import type { BlockdevDriver } from '../../spec/generated/qmp.ts';
import type { Driver } from './driver.ts';
import { file } from './file.ts';
import { luks } from './luks.ts';
import { nbd } from './nbd/nbd.ts';
import { nullAio, nullCo } from './null.ts';
import { qcow2 } from './qcow2/index.ts';
import { raw } from './raw.ts';

export const drivers = {
  file,
  luks,
  nbd,
  'null-aio': nullAio,
  'null-co': nullCo,
  qcow2,
  raw,
} satisfies Partial<Record<BlockdevDriver, Driver>>;
