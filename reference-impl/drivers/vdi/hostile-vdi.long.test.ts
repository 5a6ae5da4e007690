/** More of the hostile images of `vdi.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { vdiImage } from '../../testing/vdi-images.ts';

hostileImages(vdiImage, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
