/** 300 broken images of each format that is only read. */
import { hostileImages } from '../../testing/format-images.ts';
import { hostileArchives } from '../../testing/hostile-archives.ts';

for (const subject of hostileArchives) hostileImages(subject, [0, 300]);
