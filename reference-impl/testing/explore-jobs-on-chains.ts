/**
 * A model check of jobs of every kind in pairs, each on a chain of images of its own: all short sequences of what can be
 * done to them. Whatever comes of it, guests see what they saw, each job ends once, and no node is kept by anything.
 */
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, actionsWith, end, expectEndedOnce, sequences } from './interleaving-explorer.ts';
import { JobFixture } from './job-fixture.ts';

const CLUSTER = 4096;
const SIZE = 4 * CLUSTER;
/** `finalize` and `dismiss` are for jobs that stay when they are done. */
const ACTIONS = actionsWith(['pause', 'resume', 'cancel', 'complete']);

type Id = 'a' | 'b';

/** Jobs on the chain `a2`, `a1`, `a0`, or that of `b`. The second of a pair has a limit that it never gets below. */
const KINDS = {
  'blockdev-backup': (id: Id) => ({ device: `${id}2`, target: `${id}t`, sync: 'full' }),
  'blockdev-mirror': (id: Id) => ({ device: `${id}2`, target: `${id}t`, sync: 'full' }),
  'block-stream': (id: Id) => ({ device: `${id}2`, 'base-node': `${id}0` }),
  'block-commit': (id: Id) => ({ device: `${id}2` }),
  'block-commit of what is between': (id: Id, folder: string) => ({
    device: `${id}2`,
    top: join(folder, `${id}1.qcow2`),
  }),
} as const;

type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];
/** Pairs of backups with backups and mirrors are left out: they are explored without chains, and deeper. */
const pairs = kinds
  .flatMap((a, index) => kinds.slice(index).map((b) => [a, b] as const))
  .filter(([a, b]) => a !== 'blockdev-backup' || kinds.indexOf(b) > 1);

const SHOWN = Buffer.alloc(SIZE);
for (const index of [0, 1, 2]) SHOWN.fill(index + 1, index * CLUSTER, (index + 1) * CLUSTER);

/** All sequences of so many actions. */
export function exploreJobsOnChains(depth: number): void {
  let templates: string;
  let folder: string;

  beforeAll(async () => {
    const fixture = new JobFixture();
    for (const id of ['a', 'b']) {
      for (const [index, below] of [undefined, `${id}0`, `${id}1`].entries()) {
        const name = `${id}${index}`;
        await fixture.qcow2(name, SIZE, below, CLUSTER);
        await fixture.node(name).io.write(index * CLUSTER, new Uint8Array(CLUSTER).fill(index + 1));
      }
      await fixture.qcow2(`${id}t`, SIZE, undefined, CLUSTER);
    }
    await fixture.end();
    templates = fixture.folder;
    const other = new JobFixture();
    await other.end();
    folder = other.folder;
  });

  afterAll(() => {
    for (const path of [templates, folder]) rmSync(path, { recursive: true });
  });

  describe.each(pairs)('%s, %s', (a, b) => {
    test(`every sequence of ${depth}`, { timeout: 60_000 }, async () => {
      for (const sequence of sequences(ACTIONS, depth)) {
        for (const image of readdirSync(templates)) copyFileSync(join(templates, image), join(folder, image));
        const fixture = new JobFixture(folder);
        try {
          const guests = [await open(fixture, folder, 'a'), await open(fixture, folder, 'b')];
          await start(fixture, folder, a, 'a', 0);
          await start(fixture, folder, b, 'b', 1);
          for (const action of sequence) await act(fixture, action);
          await end(fixture);
          const path = sequence.join(', ');
          expectEndedOnce(fixture, path);
          const { graph } = fixture.endpoint.block;
          for (const guest of guests) {
            expect((await fixture.contents(guest.node)).equals(SHOWN), path).toBe(true);
            graph.removeRoot(guest);
            await graph.releaseUnused(guest.node);
          }
          expect(await fixture.deleteAll(), path).toEqual([]);
        } finally {
          await fixture.end();
        }
      }
    });
  });
}

async function open(fixture: JobFixture, folder: string, id: Id) {
  for (const [name, backing] of [
    [`${id}0`, null],
    [`${id}1`, `${id}0`],
    [`${id}2`, `${id}1`],
    [`${id}t`, null],
  ] as const) {
    const file = { driver: 'file', filename: join(folder, `${name}.qcow2`) };
    await fixture.run('blockdev-add', { driver: 'qcow2', 'node-name': name, file, backing });
  }
  return fixture.guest(`${id}2`);
}

async function start(fixture: JobFixture, folder: string, kind: Kind, id: Id, speed: number): Promise<void> {
  const command = kind === 'block-commit of what is between' ? 'block-commit' : kind;
  await fixture.run(command, { 'job-id': id, speed, ...KINDS[kind](id, folder) });
}
