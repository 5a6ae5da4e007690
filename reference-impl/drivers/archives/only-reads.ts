/** What drivers of formats that are only read have in common. */
import { IoError } from '../../host/errno.ts';
import type { DriverState } from '../driver.ts';

/** The parts of a driver state that cannot write. */
export const onlyReads = {
  onlyReads: true,
  write: () => Promise.reject(new IoError('EPERM')),
} satisfies Partial<DriverState>;
