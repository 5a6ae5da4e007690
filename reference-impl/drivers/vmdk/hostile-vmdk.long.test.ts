/** More of the hostile images of `vmdk.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileVmdk } from '../../testing/vmdk-images.ts';

hostileImages(hostileVmdk, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
