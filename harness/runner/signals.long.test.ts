import { leavesNothing, withTemporaryFolder } from '../testing/ended-runs.ts';

withTemporaryFolder();
leavesNothing('qemu-storage-daemon');
leavesNothing('qemu-system');
