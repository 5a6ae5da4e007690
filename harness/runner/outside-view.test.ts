import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildQcow2, refcountBlockOf } from '../cases/helpers/qcow2-image.ts';
import { hasFile, imageFaults } from './outside-view.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'qmpcheck-view-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** As the endpoint sees it. */
const dir = '/shared';
const folder = () => ({ dir, scratch });

function given(name: string, bytes: Buffer): void {
  writeFileSync(join(scratch, name), bytes);
}

const CLUSTER = 4096;
const image = () => buildQcow2({ size: 65536, clusterSize: CLUSTER });

describe('images as they lie in the scratch folder', () => {
  test('a sound one has no faults, by an absolute path and by another', () => {
    given('a.img', image());
    expect(imageFaults(folder(), 'a.img')).toEqual([]);
    expect(imageFaults(folder(), `${dir}/a.img`)).toEqual([]);
  });

  test('one whose counts are wrong has', () => {
    const bytes = image();
    bytes.fill(0, refcountBlockOf(CLUSTER), refcountBlockOf(CLUSTER) + 16);
    given('a.img', bytes);
    expect(imageFaults(folder(), 'a.img')).not.toEqual([]);
  });

  test('what is no qcow2 image is not judged: another format, version 1, a short file, none, one outside', () => {
    const first = image();
    first.writeUInt32BE(1, 4);
    given('raw.img', Buffer.alloc(4096));
    given('qcow.img', first);
    given('short.img', image().subarray(0, 6));
    for (const path of ['raw.img', 'qcow.img', 'short.img', 'nothing.img', '/elsewhere/a.img'])
      expect(imageFaults(folder(), path), path).toBeNull();
  });
});

test('a file is there or not; of one outside nobody can tell', () => {
  given('a.img', Buffer.alloc(1));
  expect(hasFile(folder(), `${dir}/a.img`)).toBe(true);
  expect(hasFile(folder(), `${dir}/b.img`)).toBe(false);
  expect(hasFile(folder(), '/elsewhere/a.img')).toBeNull();
});
