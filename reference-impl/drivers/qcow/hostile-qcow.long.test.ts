/** More of the hostile images of `qcow.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileQcow } from '../../testing/qcow-images.ts';

hostileImages(hostileQcow, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
