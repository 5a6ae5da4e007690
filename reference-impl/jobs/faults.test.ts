/**
 * An I/O error at every single request of a small job of every kind, under every policy: what is told, how the job ends,
 * and what it leaves behind.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlockdevOnError, BlockErrorAction } from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { run, whyMissing } from '../testing/external-programs.ts';
import { FaultInjector, type Seen } from '../testing/fault-injector.ts';
import {
  CLUSTER,
  IMAGES,
  type Images,
  makeImages,
  place,
  SCENARIOS,
  type Scenario,
} from '../testing/fault-scenarios.ts';
import { JobFixture } from '../testing/job-fixture.ts';

const TIMEOUT_MS = 60_000;

interface Fault {
  readonly policy: BlockdevOnError;
  readonly code: 'EIO' | 'ENOSPC';
  readonly action: BlockErrorAction;
  /** What failed once goes on failing. */
  readonly lasts?: boolean;
}

/** Every action. */
const FAULTS: readonly Fault[] = [
  { policy: 'report', code: 'EIO', action: 'report' },
  { policy: 'ignore', code: 'EIO', action: 'ignore' },
  { policy: 'stop', code: 'EIO', action: 'stop' },
  { policy: 'enospc', code: 'ENOSPC', action: 'stop' },
];
/** What the policies say of other errors. */
const MORE_FAULTS: readonly Fault[] = [
  { policy: 'report', code: 'ENOSPC', action: 'report' },
  { policy: 'ignore', code: 'ENOSPC', action: 'ignore' },
  { policy: 'stop', code: 'ENOSPC', action: 'stop' },
  { policy: 'enospc', code: 'EIO', action: 'report' },
  { policy: 'auto', code: 'EIO', action: 'report' },
  { policy: 'auto', code: 'ENOSPC', action: 'stop' },
];

const missing = whyMissing(['qemu-img'], 'qemu');

test('qemu-img is here to check the images that are left behind', ({ skip }) => {
  skip(missing !== undefined, missing);
});

let images: Images;

beforeAll(async () => {
  images = await makeImages();
});

afterAll(() => {
  for (const folder of [images.pristine, images.folder]) rmSync(folder, { recursive: true });
});

/** What came of a job, with the endpoint still there. */
interface Outcome {
  readonly fixture: JobFixture;
  /** In the order in which they came. */
  readonly seen: readonly Seen[];
  readonly failed: Seen | undefined;
  readonly refusal: unknown;
  readonly graphBefore: unknown;
  readonly graphAfter: unknown;
  /** The data of BLOCK_JOB_ERROR, and of the events that tell of an end. */
  readonly errors: readonly JsonObject[];
  readonly ends: readonly JsonObject[];
  /** What the guest reads from its disk. */
  readonly shown: Buffer;
}

/** Runs a job to its end, with a fault at the request of this id. */
async function withJob(
  scenario: Scenario,
  { policy, code, action, lasts = false }: Fault,
  id: string | undefined,
  judge: (outcome: Outcome) => void | Promise<void>,
): Promise<void> {
  const injector = new FaultInjector();
  const fixture = new JobFixture(images.folder);
  try {
    await place(images, fixture, scenario);
    const guest = fixture.guest(scenario.disk);
    const graphBefore = graphOf(fixture);
    injector.arm(fixture, id === undefined ? undefined : { id, code, lasts });
    const refusal = await scenario.start(fixture, policy).then(
      () => undefined,
      (error: unknown) => error,
    );
    await fixture.idle();
    // What is tried again after an error that is ignored is so a little later.
    await fixture.pass(1);
    const [job] = fixture.endpoint.jobs.all;
    if (job?.describe().paused) await holdThenResume(fixture, injector, code);
    if (job?.ready) await fixture.run('block-job-complete', { device: 'j' });
    await fixture.idle();
    injector.disarm();
    const told = (event: string) => fixture.told(event).map(({ data }) => data);
    await judge({
      fixture,
      ...injector,
      refusal,
      graphBefore,
      graphAfter: graphOf(fixture),
      errors: told('BLOCK_JOB_ERROR'),
      ends: [...told('BLOCK_JOB_COMPLETED'), ...told('BLOCK_JOB_CANCELLED')],
      shown: await fixture.contents(guest.node),
    });
    fixture.endpoint.block.graph.removeRoot(guest);
    await fixture.endpoint.block.graph.releaseUnused(guest.node);
    expect(await fixture.deleteAll()).toEqual([]);
    if (action === 'report' && refusal === undefined) await checkImages(scenario);
  } catch (error) {
    for (const image of IMAGES) images.stale.add(image);
    throw error;
  } finally {
    injector.end();
    await fixture.end();
  }
}

/** While the job is stopped it does nothing, and cannot be ended; then it goes on. */
async function holdThenResume(
  fixture: JobFixture,
  injector: FaultInjector,
  code: Fault['code'],
): Promise<void> {
  const held = {
    status: 'paused',
    busy: false,
    'io-status': code === 'ENOSPC' ? 'nospace' : 'failed',
  };
  const job = () => fixture.endpoint.jobs.all[0]?.describe();
  expect(job()).toMatchObject(held);
  const requests = injector.seen.length;
  await fixture.pass(200);
  expect(injector.seen.length).toBe(requests);
  await expect(fixture.run('block-job-cancel', { device: 'j' })).rejects.toThrow(
    new CommandError("The block job for device 'j' is currently paused"),
  );
  expect(job()).toMatchObject(held);
  await fixture.run('block-job-resume', { device: 'j' });
  expect(job()?.['io-status'] ?? 'ok').toBe('ok');
  await fixture.idle();
}

/** All that a job may have changed, and must have put right. */
function graphOf({ endpoint, folder }: JobFixture): unknown {
  return endpoint.block.graph.nodes.map((node) => ({
    name: node.name,
    readOnly: node.readOnly,
    backing: node.backing?.node.name,
    header: node.backingName?.name.replace(folder, ''),
    users: node.parents.map(({ role, name, permissions }) => ({ role, name, ...permissions })),
    blocked: [node.blockers.reason(), node.blockers.reasonBesidesOverlay()].map(
      (reason) => reason !== undefined,
    ),
    bitmaps: node.bitmaps.describe(),
    hooks: node.io.beforeWrite.size,
  }));
}

/** What the job had no business with is as it was, to the byte; what it wrote is sound. */
async function checkImages(scenario: Scenario): Promise<void> {
  for (const image of IMAGES) {
    const [was, is] = [images.pristine, images.folder].map((folder) => join(folder, `${image}.qcow2`));
    if (!scenario.changes.includes(image))
      expect([image, readFileSync(is!).equals(readFileSync(was!))]).toEqual([image, true]);
    else if (missing === undefined) expect([image, await qemuImgCheck(is!)]).toEqual([image, 'sound']);
  }
}

/** Clusters whose allocation could not be taken back harm nobody. */
async function qemuImgCheck(path: string): Promise<string> {
  const says = await run('qemu-img', 'check', '--output=json', path).catch(
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  const found = JSON.parse(says) as { 'check-errors': number; corruptions?: number };
  return found['check-errors'] + (found.corruptions ?? 0) === 0 ? 'sound' : says;
}

async function expectEnd(
  scenario: Scenario,
  outcome: Outcome,
  good: Outcome,
  error: string | undefined,
): Promise<void> {
  const { fixture, ends, graphBefore, graphAfter, shown } = outcome;
  expect(fixture.endpoint.jobs.all).toEqual([]);
  expect(fixture.told('BLOCK_JOB_CANCELLED')).toEqual([]);
  expect(ends.map((end) => end.error)).toEqual([error]);
  expect(firstDifference(shown, images.shows.get(scenario.disk)!)).toBeUndefined();
  if (error !== undefined) {
    expect(graphAfter).toEqual(graphBefore);
    return;
  }
  expect(ends).toEqual(good.ends);
  expect(graphAfter).toEqual(good.graphAfter);
  if (!scenario.copy) return;
  const copy = await contentsOf(fixture, scenario.copy);
  expect([outcome.failed?.id, firstDifference(copy, shown)]).toEqual([outcome.failed?.id, undefined]);
}

/** The first cluster that is not the same. */
function firstDifference(a: Buffer, b: Buffer): number | undefined {
  for (let at = 0; at < Math.max(a.length, b.length); at += CLUSTER)
    if (!a.subarray(at, at + CLUSTER).equals(b.subarray(at, at + CLUSTER))) return at / CLUSTER;
  return undefined;
}

async function contentsOf(fixture: JobFixture, image: string): Promise<Buffer> {
  if (!fixture.endpoint.block.graph.find(image)) {
    const file = { driver: 'file', filename: join(fixture.folder, `${image}.qcow2`) };
    await fixture.run('blockdev-add', { driver: 'qcow2', 'node-name': image, file, backing: null });
  }
  return fixture.contents(fixture.node(image));
}

/** What is told of a fault of a job's work, and the error that the job ends with. */
function expectedOf(scenario: Scenario, { code, action: asked }: Fault, failed: Seen) {
  const { kind, asked: request } = failed;
  const image = request.node.startsWith('#') ? 't' : request.node;
  const action = scenario.hasPolicy ? asked : 'report';
  // A driver that cannot change its length does not say why.
  const { message } = new IoError(kind === 'truncate' ? 'EIO' : code);
  // What a stream leaves out is missing in the end.
  const leavesOut = scenario.name === 'block-stream';
  const fails = isUntold(scenario, failed) || action === 'report' || (action === 'ignore' && leavesOut);
  return {
    told: { device: 'j', operation: scenario.reads(image) ? 'read' : 'write', action },
    error: fails ? message : undefined,
  };
}

/** Jobs tell of what they copy, mirrors of the last flush, too; what else fails of their work only ends them. */
function isUntold({ completes }: Scenario, { asked }: Seen): boolean {
  return asked.kind === 'truncate' || (!completes && asked.kind === 'flush');
}

/** A fault that nobody needs to hear of: before a mirror reads what it only looked at, and when all is written. */
function mayPass(scenario: Scenario, { phase, asked }: Seen): boolean {
  if (phase === 'work') return scenario.completes && asked.kind === 'blockStatus';
  return asked.kind === 'flush' && phase !== 'exit';
}

describe.each(SCENARIOS)('$name', (scenario) => {
  let good: Outcome;

  beforeAll(() =>
    withJob(scenario, FAULTS[0]!, undefined, async (outcome) => {
      good = outcome;
      expect(outcome.errors).toEqual([]);
      await expectEnd(scenario, outcome, outcome, undefined);
      const chain: string[] = [];
      const [disk] = scenario.chainAfter;
      for (let node = outcome.fixture.endpoint.block.graph.find(disk!); node; node = node.backing?.node)
        chain.push(node.name);
      expect(chain).toEqual(scenario.chainAfter);
    }),
  );

  test.each(FAULTS)('$policy, $code: at every request', { timeout: TIMEOUT_MS }, async (fault) => {
    const { policy } = fault;
    // Only the work itself knows of policies.
    const isNew = ({ phase }: Seen) => policy === 'report' || (phase === 'work' && scenario.hasPolicy);
    for (const { id } of good.seen.filter(isNew)) await check(scenario, fault, id, good);
  });

  test.runIf(scenario.hasPolicy).each(MORE_FAULTS)(
    '$policy, $code: at the first request to each image',
    async (fault) => {
      const own = good.seen.filter(({ phase, node, asked }) => phase === 'work' && node === asked.node);
      for (const { id } of new Map(own.toReversed().map((seen) => [seen.node, seen])).values())
        await check(scenario, fault, id, good);
    },
  );

  test('an image that cannot be written any more: the job ends, and lets go of it', async () => {
    const isInner = ({ phase, kind, node, asked }: Seen) =>
      phase === 'work' && kind === 'write' && node !== asked.node;
    const fault: Fault = { ...FAULTS[0]!, lasts: true };
    const { id } = good.seen.find(isInner)!;
    await withJob(scenario, fault, id, ({ fixture, failed, errors, ends, shown }) => {
      const expected = expectedOf(scenario, fault, failed!);
      // Several requests may have been on their way.
      expect(errors).toEqual(errors.map(() => expected.told));
      expect(ends.map((end) => end.error)).toEqual([expected.error]);
      expect(fixture.endpoint.jobs.all).toEqual([]);
      expect(firstDifference(shown, images.shows.get(scenario.disk)!)).toBeUndefined();
    });
  });
});

async function check(scenario: Scenario, fault: Fault, id: string, good: Outcome): Promise<void> {
  await withJob(scenario, fault, id, async (outcome) => {
    expect(outcome.failed?.id).toBe(id);
    const { phase } = outcome.failed!;
    const expected = phase === 'work' ? expectedOf(scenario, fault, outcome.failed!) : undefined;
    const isHarmless = outcome.errors.length === 0 && mayPass(scenario, outcome.failed!);
    if (outcome.refusal) {
      expect([id, phase, outcome.refusal]).toEqual([id, 'start', expect.any(CommandError)]);
      expect(outcome.graphAfter).toEqual(outcome.graphBefore);
      expect(outcome.fixture.events).toEqual([]);
    } else if (isHarmless) await expectEnd(scenario, outcome, good, undefined);
    else {
      const isTold = expected !== undefined && !isUntold(scenario, outcome.failed!);
      expect([id, outcome.errors]).toEqual([id, isTold ? [expected.told] : []]);
      const error = phase === 'exit' ? new IoError(fault.code).message : expected?.error;
      await expectEnd(scenario, outcome, good, error);
    }
  });
}
