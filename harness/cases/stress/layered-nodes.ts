/** Nodes that change how requests are formed, under a series of them: what is stored below is what was written above. */
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { RequirementId } from '../../../spec/requirements/index.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { decrypted, luksHeader } from '../helpers/made-luks.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { ExportFlag, NbdCommand } from '../helpers/peers/nbd-numbers.ts';
import { type PeerRequest, startNbdPeer } from '../helpers/peers/nbd-peer.ts';
import {
  type CaseFile,
  fileNodes,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeCommands,
} from '../helpers/shared-setup.ts';
import { secrets } from '../images/keys-and-secrets.ts';
import { checkBytes, DiskModel, type Draw, writeSeries } from './disk-series.ts';

const SIZE = 40 * KiB;

interface Scene {
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly RequirementId[];
  readonly drivers: readonly string[];
  readonly topology?: Topology;
  /** How many files there are, and what each begins with; between that and what follows lies the disk. */
  readonly files?: number;
  readonly before?: () => Buffer;
  readonly behind?: Buffer;
  readonly edges?: readonly number[];
  /** Options of the node over the files, but for its name. */
  readonly node: (files: readonly JsonObject[]) => JsonObject;
  /** What is stored for what the disk holds. */
  readonly stored?: (bytes: Buffer) => Buffer;
}

const NONE = Buffer.alloc(0);

function layered({ id, title, requirements, drivers, topology, ...scene }: Scene): CaseDefinition {
  const base = needs(fileNodes, nodeBytes, { drivers });
  return {
    id,
    title,
    requirements,
    needs: topology === undefined ? base : needs(base, { capabilities: ['owned'] }),
    ...(topology !== undefined && { topology }),
    async run(t: CaseContext) {
      const { behind = NONE, files = 1, edges = [512, 4096] } = scene;
      const before = scene.before?.() ?? NONE;
      const random = new Random(id);
      const made: CaseFile[] = [];
      for (let index = 0; index < files; index += 1)
        made.push(await makeFile(t, Buffer.concat([before, Buffer.alloc(SIZE), behind])));
      const node = t.name('layered');
      const below = made.map(({ path }) => ({ driver: 'file', filename: path }));
      await t.execute('blockdev-add', { 'node-name': node, ...scene.node(below) });
      const io = await openIo(t, node);
      const isZeroAtFirst = scene.stored === undefined;
      if (!isZeroAtFirst) await io.perform({ kind: 'write-zeroes', offset: 0, length: SIZE });
      const disk = new DiskModel(SIZE, 512);
      const draw: Draw = { edges, keeps: true, zeroes: true };
      for (let round = 0; round < 3; round += 1) await writeSeries(t, io, disk, random, 40, draw);
      await io.close();
      await release(t, [node]);
      for (const { local } of made) {
        const bytes = await bytesOf(t, local);
        checkBytes(t, bytes.subarray(0, before.length), before, 'what lies before the disk');
        const stored = bytes.subarray(before.length, before.length + SIZE);
        checkBytes(t, scene.stored?.(stored) ?? stored, disk.bytes, 'what is stored');
        checkBytes(t, bytes.subarray(before.length + SIZE), behind, 'what lies behind the disk');
      }
    },
  };
}

/** Limits of a blkdebug node over a server that keeps what it is asked for. */
interface Limits {
  readonly align: number;
  readonly 'max-transfer': number;
  readonly 'opt-write-zero': number;
  readonly 'max-write-zero': number;
}

function restricted(id: string, title: string, limits: Limits): CaseDefinition {
  return {
    id,
    title,
    requirements: [
      'blkdebug/align',
      'blkdebug/max-transfer',
      'blkdebug/max-write-zero',
      'blkdebug/opt-write-zero',
    ],
    needs: needs(fileNodes, nodeBytes, { drivers: ['blkdebug', 'nbd'] }),
    async run(t: CaseContext) {
      const random = new Random(id);
      const data = Buffer.alloc(SIZE);
      const flags = ExportFlag.has | ExportFlag.flush | ExportFlag.writeZeroes;
      const peer = await startNbdPeer(t, { '': { data, flags } });
      const node = t.name('restricted');
      const image = { driver: 'nbd', server: peer.address };
      await t.execute('blockdev-add', { driver: 'blkdebug', 'node-name': node, image, ...limits });
      const io = await openIo(t, node);
      const disk = new DiskModel(SIZE, 512);
      const edges = [512, limits['opt-write-zero'], limits['max-transfer']];
      for (let round = 0; round < 3; round += 1)
        await writeSeries(t, io, disk, random, 40, { edges, keeps: true });
      await io.close();
      await release(t, [node]);
      checkBytes(t, data, disk.bytes, 'what the server holds');
      for (const request of peer.requests) checkForm(t, request, limits);
    },
  };
}

/** States that a request is of the form that the limits ask for. */
function checkForm(t: CaseContext, { type, offset, length }: PeerRequest, limits: Limits): void {
  const isZero = type === NbdCommand.writeZeroes;
  if (!isZero && type !== NbdCommand.read && type !== NbdCommand.write) return;
  const unit = isZero ? limits['opt-write-zero'] : limits.align;
  const most = isZero ? limits['max-write-zero'] : limits['max-transfer'];
  const what = isZero ? 'zeroes' : 'data';
  t.check(
    offset % unit === 0 && length % unit === 0,
    `requests of ${what} must be aligned`,
    `one has ${length} bytes at ${offset}`,
  );
  t.check(length <= most, `requests of ${what} must be no longer than they may`, `one has ${length} bytes`);
}

const detecting = (how: 'on' | 'unmap'): CaseDefinition =>
  layered({
    id: `stress/detect-zeroes-${how}`,
    title: `With detect-zeroes ${how} a series of writes, some of zeroes, is stored as it was written`,
    requirements: [`BlockdevDetectZeroesOptions/${how}`],
    drivers: [],
    node: ([file]) => ({
      driver: 'raw',
      file: file!,
      'detect-zeroes': how,
      ...(how === 'unmap' && { discard: 'unmap' }),
    }),
  });

export const layeredNodes: readonly CaseDefinition[] = [
  restricted('stress/limits-of-sectors', 'Requests on a node with limits of few sectors keep to them all', {
    align: 512,
    'max-transfer': 3 * 512,
    'opt-write-zero': 1024,
    'max-write-zero': 4096,
  }),
  restricted(
    'stress/limits-of-pages',
    'Requests on a node with limits of pages keep to them, all their bytes',
    {
      align: 4096,
      'max-transfer': 8192,
      'opt-write-zero': 4096,
      'max-write-zero': 12288,
    },
  ),
  {
    id: 'stress/limits-far-away',
    title: 'A few bytes near the end of a disk of many TiB can be written where storage takes pages only',
    requirements: ['blkdebug/align'],
    needs: needs(nodeCommands, { ...nodeBytes, drivers: ['blkdebug', 'null-co'] }),
    async run(t: CaseContext) {
      const node = t.name('restricted');
      const image = { driver: 'null-co', size: 8192 * 1024 * MiB };
      await t.execute('blockdev-add', { driver: 'blkdebug', 'node-name': node, image, align: 4096 });
      const io = await openIo(t, node);
      for (const offset of [4097, image.size - 7])
        await io.perform({ kind: 'write', offset, length: 5, byte: 0x77 });
      await io.close();
    },
  },
  detecting('on'),
  detecting('unmap'),
  layered({
    id: 'stress/window-of-raw',
    title: 'A series of requests on a part of a file changes that part, and nothing before or behind it',
    requirements: ['raw/offset', 'raw/size'],
    drivers: [],
    before: () => Buffer.alloc(4096 + 512, 0x6b),
    behind: Buffer.alloc(1536, 0x6c),
    node: ([file]) => ({ driver: 'raw', file: file!, offset: 4096 + 512, size: SIZE }),
  }),
  layered({
    id: 'stress/quorum',
    title: 'A quorum stores a series of requests on each of its children, and reads what they agree on',
    requirements: ['quorum/children', 'quorum/vote-threshold-writes'],
    drivers: ['quorum'],
    files: 3,
    node: (children) => ({ driver: 'quorum', children: [...children], 'vote-threshold': 2 }),
  }),
  layered({
    id: 'stress/luks',
    title: 'A series of requests on an encrypted volume is stored encrypted, byte by byte',
    requirements: ['luks/key-secret'],
    drivers: ['luks'],
    topology: secrets,
    before: () => luksHeader('abcdef'),
    node: ([file]) => ({ driver: 'luks', file: file!, 'key-secret': 'sec0' }),
    stored: (bytes) => decrypted(bytes, 0),
  }),
];
