/** More of the hostile images of `vpc.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { vpcImage } from '../../testing/vpc-images.ts';

hostileImages(vpcImage, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
