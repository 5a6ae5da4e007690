/** More of the hostile images of `vhdx.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileVhdx } from '../../testing/vhdx-images.ts';

hostileImages(hostileVhdx, [200, Number(process.env.QMPCHECK_IMAGES ?? 600)]);
