/** More of the hostile images of `qed.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileQed } from '../../testing/qed-images.ts';

hostileImages(hostileQed, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
