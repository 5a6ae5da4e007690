/** More of it on QEMU in `signals.long.test.ts`. */
import { givesUpAtOnce, leavesNothing, withTemporaryFolder } from '../testing/ended-runs.ts';

withTemporaryFolder();
leavesNothing('reference:spawn');
givesUpAtOnce();
