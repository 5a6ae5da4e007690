/** What programs do to their start state is taken back without another start, so that the next finds it as it was. */
import { readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../generators/random.ts';
import { decode } from '../../generators/sequences/encoding.ts';
import { generate } from '../../generators/sequences/generate.ts';
import { isJsonObject, type Json, stringifyJson } from '../../spec/json.ts';
import { QmpError } from '../qmp/errors.ts';
import { Session } from '../runner/endpoint-session.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import { reference } from '../targets/reference.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import { type PreparedCampaign, prepareCampaign } from './prepare-campaign.ts';
import { ProgramExecutor } from './program-executor.ts';
import { EndpointReset } from './reset-endpoint.ts';

let area: ScratchArea;
let prepared: PreparedCampaign;
/** The config for an endpoint that is a process: kept from one program to the next. */
let config: FuzzConfig;
beforeAll(async () => {
  area = await ScratchArea.open();
  prepared = await prepareCampaign({
    target: reference('reference'),
    area,
    invalid: 0.1,
    raw: 0.01,
  });
  config = { ...prepared.config, freshEndpoints: false };
});
afterAll(() => area.close());

const DIRTY: readonly (readonly [string, string])[] = [
  ['a node of the ground that is deleted', 'ground chain\nblockdev-del {"node-name": "$n2"}'],
  ['a size', 'ground chain\nblock_resize {"node-name": "$n1", "size": 65536}'],
  ['a threshold', 'ground disks\nblock-set-write-threshold {"node-name": "$n0", "write-threshold": 1}'],
  [
    'a snapshot',
    'ground chain\nblockdev-snapshot-sync {"node-name": "$n1", "snapshot-file": "$f9", "snapshot-node-name": "$n9"}',
  ],
  ['an internal snapshot', 'ground chain\nblockdev-snapshot-internal-sync {"device": "$n1", "name": "$s0"}'],
  ['an overlay', 'ground chain\nblockdev-snapshot {"node": "$n1", "overlay": "$n2"}'],
  ['an image that is replaced', 'ground chain\noverwrite $f2 512 17'],
  [
    'a copy by a job',
    'ground chain\nblockdev-mirror {"job-id": "$j0", "device": "$n1", "target": "$n2", "sync": "full"}\nwait BLOCK_JOB_READY\nblock-job-complete {"device": "$j0"}',
  ],
  [
    'a persistent bitmap',
    'ground chain\nblock-dirty-bitmap-add {"node": "$n1", "name": "$b0", "persistent": true}',
  ],
  [
    'a group in use',
    'ground nodes\nblockdev-add {"driver": "throttle", "node-name": "$n9", "throttle-group": "$g0", "file": "$n0"}\nblockdev-del {"node-name": "$n1"}',
  ],
];

/** The graph without the names that the endpoint gives, sorted. */
async function graph(executor: ProgramExecutor, startState: string): Promise<string[]> {
  const { graph: nodes } = await executor.run(decode(`ground ${startState}\nquery-block`));
  return (nodes as Json[]).filter(isJsonObject).map((node) => stringifyJson(node).replace(/#block\d+/g, '#'));
}

describe('is as it was after', () => {
  test.each(DIRTY)('%s', async (_, text) => {
    const program = decode(text);
    const executor = new ProgramExecutor(config, area);
    try {
      const before = await graph(executor, program.startState);
      const { record } = await executor.run(program);
      expect(record.outcome).toBe('pass');
      const refused = record.transcript!.steps.filter(({ reply }) => isJsonObject(reply) && 'error' in reply);
      expect(refused).toEqual([]);
      expect(await graph(executor, program.startState)).toEqual(before);
      expect(executor.started).toBe(1);
    } finally {
      await executor.stop();
    }
  });
});

describe('a reset', () => {
  /** Of an endpoint at the start state `disks`, whose session `seen` may stand in for. */
  async function reset(
    before: (session: Session) => Promise<unknown>,
    { startState: change = {}, seen = (session: Session) => session } = {},
  ): Promise<{ restored: boolean; session: Session; files: string[] }> {
    const startState = config.startStates.find(({ name }) => name === 'disks')!;
    const { target, endpointSchema, limits } = config;
    const session = await Session.start({ target, topology: startState.topology, area, limits });
    try {
      const home = await SnapshotWithFiles.take(session, endpointSchema);
      await before(session);
      const one = { session: seen(session), startState: { ...startState, ...change }, endpointSchema, home };
      const restored = await new EndpointReset({ ...one, objects: [] }).run();
      return { restored, session, files: readdirSync(session.scratch).toSorted() };
    } finally {
      await session.stop();
    }
  }

  test('sets what the next program begins with', async () => {
    const { restored, session } = await reset(async (one) => {
      one.baseline = null;
    });
    expect(restored).toBe(true);
    expect(session.baseline?.held.files).toEqual(['f0', 'f1']);
  });

  test('says so if not all is as it was, and nothing is known then', async () => {
    const { restored, session } = await reset(() => Promise.resolve(), { startState: { nodes: [] } });
    expect(restored).toBe(false);
    expect(session.baseline).toBe(null);
  });

  test('removes files that a program left, and folders', async () => {
    const { files } = await reset(async ({ scratch }) => {
      await writeFile(join(scratch, 'f7'), 'left');
      await mkdir(join(scratch, 'left'));
      await rm(join(scratch, 'f1'));
    });
    expect(files).toEqual(['f0', 'f1']);
  });

  test('takes the threshold from a node that a device does not give up', async () => {
    const keeping = (session: Session): Session =>
      new Proxy(session, {
        get: (whole, member) => {
          const value = Reflect.get(whole, member, whole) as unknown;
          if (typeof value !== 'function') return value;
          return (...args: Json[]) =>
            member === 'execute' && args[0] === 'blockdev-del' && stringifyJson(args[1]!).includes('"n0"')
              ? Promise.reject(new QmpError('blockdev-del', 'GenericError', 'in use', {}))
              : (value as (...given: Json[]) => unknown).apply(whole, args);
        },
        set: (whole, member, value) => Reflect.set(whole, member, value, whole),
      });
    const arm = (session: Session): Promise<Json> =>
      session.execute('block-set-write-threshold', { 'node-name': 'n0', 'write-threshold': 4096 });
    expect(await reset(arm, { seen: keeping })).toMatchObject({ restored: true });
  });
});

test('an object is there again, with its properties, after it was deleted', async () => {
  const executor = new ProgramExecutor(config, area);
  try {
    await executor.run(
      decode(
        'ground nodes\nobject-del {"id": "$g0"}\nobject-add {"qom-type": "throttle-group", "id": "$g1"}',
      ),
    );
    const { record } = await executor.run(
      decode('ground nodes\nobject-del {"id": "$g0"}\nobject-del {"id": "$g1"}'),
    );
    const replies = record.transcript!.steps.map(({ reply }) => isJsonObject(reply) && 'return' in reply);
    expect(replies).toEqual([true, false]);
    expect(executor.started).toBe(1);
  } finally {
    await executor.stop();
  }
});

test('many programs need an endpoint a ground, and few more', async () => {
  const executor = new ProgramExecutor(config, area);
  try {
    for (let index = 0; index < 80; index += 1)
      await executor.run(generate(prepared.generation, new Random(`rebuild/${index}`)));
    expect(executor.started).toBeLessThanOrEqual(config.startStates.length + 3);
  } finally {
    await executor.stop();
  }
});
