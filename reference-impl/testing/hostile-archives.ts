/** Images of the formats that are only read, whose headers and tables are worth breaking. */
import { bochs } from '../drivers/archives/bochs.ts';
import { cloop } from '../drivers/archives/cloop.ts';
import { dmg } from '../drivers/archives/dmg.ts';
import { buildBochs, buildCloop, buildDmg, packings } from './archive-fixture.ts';
import type { HostileSubject } from './format-images.ts';

const SIZE = 65_536;

const disk = Buffer.alloc(SIZE);
for (let at = 0; at < SIZE; at += 5000) disk.subarray(at, at + 3000).fill(1 + (at % 255));

/** In a resource fork, where bytes stand as they are. */
function sampleDmg(): Buffer {
  const kinds = Object.values(packings);
  const runs = Array.from({ length: 16 }, (_, index) => {
    const { kind, pack } = kinds[index % kinds.length]!;
    return { kind, sectors: 8, bytes: pack(disk.subarray(index * 4096, (index + 1) * 4096)) };
  });
  return buildDmg([runs.slice(0, 9), runs.slice(9)], 'fork');
}

const dmgImage = sampleDmg();
const fork = dmgImage.indexOf('mish') - 260;
const originals = (image: Buffer) => () => Promise.resolve([new Uint8Array(image)]);

/** One subject a format. */
export const hostileArchives: readonly HostileSubject[] = [
  { name: 'bochs', driver: bochs, originals: originals(buildBochs(disk)), metadata: [[64, 530]] },
  { name: 'cloop', driver: cloop, originals: originals(buildCloop(disk)), metadata: [[128, 290]] },
  {
    name: 'dmg',
    driver: dmg,
    originals: originals(dmgImage),
    metadata: [
      [fork, fork + 20],
      [fork + 260, dmgImage.length - 512],
      [dmgImage.length - 512, dmgImage.length],
    ],
  },
];
