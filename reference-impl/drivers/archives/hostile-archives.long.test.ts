/** More of the broken images of `hostile-archives.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileArchives } from '../../testing/hostile-archives.ts';

for (const subject of hostileArchives)
  hostileImages(subject, [300, Number(process.env.QMPCHECK_IMAGES ?? 1000)]);
