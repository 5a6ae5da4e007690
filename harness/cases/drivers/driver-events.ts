/** The events of blkdebug: each at the operation that it names, which fails then, and at none before. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import type { NodeIo } from '../helpers/node-io.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, makeFile, needs, nodeNames, virtualSize } from '../helpers/shared-setup.ts';
import type { IoRequest } from '../io-request.ts';
import { filledFile, reads, writes } from './driver-guest.ts';
import { eventImages, GUEST_SIZE, type ImageKind, UNIT } from './event-images.ts';

const eventNodes = needs(fileNodes, { drivers: ['blkdebug', 'qcow2'] });
const seen = needs(eventNodes, nodeBytes);

interface Scene {
  readonly guest: NodeIo;
}

/** Whether it succeeded. */
type Step = (scene: Scene) => Promise<boolean>;

const read =
  (cluster: number): Step =>
  ({ guest }) =>
    reads(guest, [cluster * UNIT, UNIT]);
const write =
  (cluster: number, length = UNIT): Step =>
  ({ guest }) =>
    writes(guest, [cluster * UNIT, length], 0x77);
const asked =
  (request: IoRequest): Step =>
  async ({ guest }) =>
    (await guest.attempt(request)) === 'done';
const flush = asked({ kind: 'flush' });
const writeZeroes = asked({ kind: 'write-zeroes', offset: 0, length: UNIT });

interface EventCase {
  readonly event: string;
  readonly operation: string;
  readonly image?: ImageKind;
  /** What comes before and must succeed. */
  readonly before: readonly Step[];
  readonly trigger: Step;
  /** The event comes when the operation is as good as done: it succeeds, and what comes next fails. */
  readonly late?: true;
  /** Options of the qcow2 node. */
  readonly node?: JsonObject;
  /** Options of the blkdebug node. */
  readonly rules?: JsonObject;
}

const qcow2Events: readonly EventCase[] = [
  {
    event: 'read_aio',
    operation: 'a read of what the image holds',
    before: [read(9), write(0)],
    trigger: read(0),
  },
  {
    event: 'read_backing_aio',
    operation: 'a read of what the backing file holds',
    image: 'overlay',
    before: [read(0), write(0)],
    trigger: read(9),
    late: true,
  },
  {
    event: 'read_compressed',
    operation: 'a read of a compressed cluster',
    image: 'compressed',
    before: [read(0), write(0)],
    trigger: read(2),
  },
  { event: 'write_aio', operation: 'a write', before: [read(0), read(9)], trigger: write(0) },
  {
    event: 'cluster_alloc',
    operation: 'a write to a cluster that the image does not hold',
    before: [read(9), write(0)],
    trigger: write(9),
  },
  {
    event: 'cow_read',
    operation: 'a write to a part of a cluster that the image does not hold',
    image: 'overlay',
    before: [read(9), write(8)],
    trigger: write(9, 512),
  },
  {
    event: 'l2_load',
    operation: 'the first look at an L2 table',
    before: [],
    trigger: read(0),
  },
  {
    event: 'l2_alloc_write',
    operation: 'the making of an L2 table',
    image: 'no-l2-table',
    before: [read(0)],
    trigger: write(0),
  },
  {
    event: 'l2_alloc_cow_read',
    operation: 'the copying of a shared L2 table',
    image: 'shared-l2-table',
    before: [],
    trigger: write(9),
  },
  {
    event: 'l1_update',
    operation: 'the hooking of an L2 table into the L1 table',
    image: 'no-l2-table',
    before: [read(0)],
    trigger: write(0),
  },
  {
    event: 'refblock_load',
    operation: 'the first look at a refcount block',
    before: [read(0), write(0)],
    trigger: write(9),
  },
  {
    event: 'refblock_alloc',
    operation: 'a write that needs a new refcount block',
    image: 'full-refcount-block',
    before: [write(0)],
    trigger: write(9),
  },
  {
    event: 'refblock_alloc_hookup',
    operation: 'the hooking of a refcount block into the table',
    image: 'full-refcount-block',
    before: [write(0)],
    trigger: write(9),
  },
  {
    event: 'refblock_alloc_write',
    operation: 'the writing of a new refcount block',
    image: 'full-refcount-block',
    before: [write(0)],
    trigger: write(9),
  },
  ...['refblock_alloc_write_blocks', 'refblock_alloc_write_table', 'refblock_alloc_switch_table'].map(
    (event): EventCase => ({
      event,
      operation: 'a write that needs a larger refcount table',
      image: 'full-refcount-table',
      before: [write(0)],
      trigger: write(9),
    }),
  ),
  {
    event: 'l2_update',
    operation: 'a flush after a write that changed an L2 table',
    before: [read(0), flush, write(0), write(9)],
    trigger: flush,
  },
  {
    event: 'refblock_update_part',
    operation: 'a flush after a write that took a cluster',
    before: [read(0), flush, write(0), write(9)],
    trigger: flush,
  },
  {
    event: 'flush_to_os',
    operation: 'a flush of an image',
    before: [read(0), write(0)],
    trigger: flush,
  },
  {
    event: 'flush_to_disk',
    operation: 'a flush of an image to its file',
    before: [read(0), write(0)],
    trigger: flush,
  },
  {
    event: 'cow_write',
    operation: 'the copying of what surrounds a write in its cluster',
    image: 'overlay',
    before: [read(9), write(8)],
    trigger: write(9, 512),
  },
  {
    event: 'cluster_free',
    operation: 'a write in the place of a compressed cluster, which is freed',
    image: 'compressed',
    before: [write(0), write(9)],
    trigger: write(2),
    late: true,
  },
];

const rawEvents: readonly EventCase[] = [
  { event: 'pwritev', operation: 'a write', before: [read(0)], trigger: write(0) },
  {
    event: 'pwritev_zero',
    operation: 'a write of zeroes',
    before: [read(0), write(0)],
    trigger: writeZeroes,
  },
  {
    event: 'pwritev_done',
    operation: 'the end of a write',
    before: [read(0)],
    trigger: write(0),
    late: true,
  },
  ...['head', 'after_head'].map(
    (part): EventCase => ({
      event: `pwritev_rmw_${part}`,
      operation: 'a write that begins within a block',
      before: [read(0), write(0)],
      trigger: ({ guest }) => writes(guest, [512, UNIT - 512], 1),
      rules: { align: UNIT },
    }),
  ),
  ...['tail', 'after_tail'].map(
    (part): EventCase => ({
      event: `pwritev_rmw_${part}`,
      operation: 'a write that ends within a block',
      before: [read(0), write(0)],
      trigger: ({ guest }) => writes(guest, [0, UNIT - 512], 1),
      rules: { align: UNIT },
    }),
  ),
];

function eventCase(format: 'qcow2' | 'raw', given: EventCase): CaseDefinition {
  const { event, operation, before, trigger, late } = given;
  return {
    id: `blkdebug/event-${event.replaceAll('_', '-')}`,
    title: `${event} comes with ${operation}, and not before`,
    requirements: ['blkdebug/event'],
    needs: seen,
    async run(t: CaseContext) {
      const steps = async (rules: JsonObject): Promise<void> => {
        const scene = await openScene(t, format, given, rules);
        for (const [index, step] of before.entries())
          t.check(
            await step(scene),
            `what comes before ${operation} must succeed, with a rule for ${event}`,
            `step ${index + 1} fails`,
          );
        const struck = 'inject-error' in rules;
        const passed = await trigger(scene);
        t.check(
          passed === (!struck || late === true),
          struck && !late
            ? `${operation} must fail by a rule for ${event}`
            : `${operation} must succeed ${struck ? `although ${event} comes with it` : 'without a rule'}`,
          passed ? 'it succeeds' : 'it fails',
        );
        if (struck && late)
          t.check(!(await read(0)(scene)), `what follows ${event} must fail by a rule for it`, 'it succeeds');
        await scene.guest.close();
      };
      await steps({});
      await steps({ 'inject-error': [{ event }] });
    },
  };
}

async function openScene(
  t: CaseContext,
  format: 'qcow2' | 'raw',
  { image = 'plain', node: options = {}, rules: more = {} }: EventCase,
  rules: JsonObject,
): Promise<Scene> {
  const node = t.name(format);
  const { path } = await makeFile(
    t,
    format === 'raw' ? Buffer.alloc(GUEST_SIZE, 0x11) : eventImages[image](),
  );
  const below = { driver: 'file', filename: path };
  await t.execute('blockdev-add', {
    driver: format,
    'node-name': node,
    file: { driver: 'blkdebug', image: below, ...rules, ...more },
    ...options,
    ...(image === 'overlay' && {
      backing: { driver: 'raw', file: (await filledFile(t, GUEST_SIZE, 0x22)).options },
    }),
  });
  return { guest: await openIo(t, node) };
}

/** An event of a change of the virtual size, which the command tells of. */
function resizeCase(
  event: string,
  what: string,
  image: ImageKind,
  size: number,
  smaller: number,
): CaseDefinition {
  return {
    id: `blkdebug/event-${event.replaceAll('_', '-')}`,
    title: `${event} comes with ${what}, and not with other changes of the size`,
    requirements: [
      'blkdebug/event',
      ...(event.includes('shrink') ? (['blkdebug/event-l1-shrink'] as const) : []),
    ],
    needs: needs(eventNodes, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      const resized = async (rules: JsonObject): Promise<(to: number) => Promise<JsonObject>> => {
        // With room for new tables: the file below need not grow, whose length would be a change of state.
        const { path } = await makeFile(t, Buffer.concat([eventImages[image](), Buffer.alloc(4 * UNIT)]));
        const node = t.name('qcow2');
        const file = { driver: 'blkdebug', image: { driver: 'file', filename: path }, ...rules };
        await t.execute('blockdev-add', { driver: 'qcow2', 'node-name': node, file });
        return (to) => t.request({ execute: 'block_resize', arguments: { 'node-name': node, size: to } });
      };
      for (const [rules, sizes, fails] of [
        [{}, [size], false],
        [{ 'inject-error': [{ event }] }, [smaller], false],
        [{ 'inject-error': [{ event }] }, [size], true],
      ] as const) {
        const resize = await resized({ ...rules } as JsonObject);
        for (const to of sizes)
          t.check(
            'error' in (await resize(to)) === fails,
            `block_resize to ${to} must ${fails ? 'fail' : 'succeed'} ${fails ? 'by' : 'with or without'} a rule for ${event}`,
            fails ? 'it succeeds' : 'it is refused',
          );
      }
    },
  };
}

export const driverEventCases: readonly CaseDefinition[] = [
  ...qcow2Events.map((given) => eventCase('qcow2', given)),
  ...rawEvents.map((given) => eventCase('raw', given)),
  ...['l1_grow_alloc_table', 'l1_grow_write_table', 'l1_grow_activate_table'].map((event) =>
    resizeCase(event, 'growth beyond the L1 table', 'plain', 64 * GUEST_SIZE, GUEST_SIZE + UNIT),
  ),
  ...['l1_shrink_write_table', 'l1_shrink_free_l2_clusters'].map((event) =>
    resizeCase(event, 'shrinking by what an L2 table maps', 'two-l2-tables', UNIT, GUEST_SIZE - UNIT),
  ),
  {
    id: 'blkdebug/event-reftable-load',
    title: 'reftable_load comes when an image is opened, which is refused then and leaves nothing',
    requirements: ['blkdebug/event', 'blockdev-add/failure-leaves-nothing'],
    needs: eventNodes,
    async run(t: CaseContext) {
      const before = await nodeNames(t);
      const { path } = await makeFile(t, eventImages.plain());
      const node = t.name('qcow2');
      const open = (rules: JsonObject): JsonObject => ({
        driver: 'qcow2',
        'node-name': node,
        file: { driver: 'blkdebug', image: { driver: 'file', filename: path }, ...rules },
      });
      await t.refused('blockdev-add', open({ 'inject-error': [{ event: 'reftable_load' }] }));
      t.equal(await nodeNames(t), before, 'a refused qcow2 node must leave nothing');
      await t.execute('blockdev-add', open({ 'inject-error': [{ event: 'l2_load' }] }));
      t.equal(await virtualSize(t, node), GUEST_SIZE, 'the node must be as long as its image says');
    },
  },
];
