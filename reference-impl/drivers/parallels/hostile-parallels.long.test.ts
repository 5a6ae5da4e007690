/** More of the hostile images of `parallels.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileParallels } from '../../testing/parallels-images.ts';

hostileImages(hostileParallels, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
