/** The driver over a target that does what is right: what it asks of a unit, and what it makes of the answers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../spec/json.ts';
import { createNamedImage } from '../../graph/named-image.ts';
import { driverContract } from '../../testing/driver-contract.ts';
import { type IscsiFixture, iscsiFixture, iscsiNode } from '../../testing/iscsi-fixture.ts';
import {
  type ScriptedTarget,
  scriptedTarget,
  TARGET,
  type TargetOptions,
} from '../../testing/scripted-iscsi-target.ts';
import {
  blockLimits,
  capacity,
  descriptorSense,
  good,
  type Outcome,
  provisioning,
  ScsiUnit,
  Status,
  sense,
  type UnitOptions,
} from '../../testing/scripted-scsi-unit.ts';

const KiB = 1024;
const MiB = 1 << 20;
const THIN: UnitOptions = { thin: true, pages: { 176: blockLimits({}), 178: provisioning() } };

const served: ScriptedTarget[] = [];
let fixture: IscsiFixture;
beforeEach(async () => {
  fixture = await iscsiFixture();
});
afterEach(async () => {
  await fixture.end();
  for (const target of served.splice(0)) await target.close();
});

const contracts: Readonly<Record<string, readonly [UnitOptions, TargetOptions]>> = {
  'iscsi: thin, blocks of 512 bytes': [THIN, {}],
  'iscsi: blocks of 4096 bytes, digests, data only when asked for': [
    { blockSize: 4096 },
    { keys: { HeaderDigest: 'CRC32C', InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '1536' } },
  ],
  'iscsi: small limits': [
    { pages: { 176: blockLimits({ maxTransfer: 3, maxWriteSame: 5 }) } },
    { keys: { MaxRecvDataSegmentLength: '512', FirstBurstLength: '1024' } },
  ],
};
for (const [name, [unit, options]] of Object.entries(contracts))
  driverContract({
    name,
    make: async (_folder, size) => {
      const units = new Map([[0, new ScsiUnit(Buffer.alloc(size), unit)]]);
      const target = await scriptedTarget({ ...options, units });
      served.push(target);
      return { ...iscsiNode(target), 'node-name': 'disk' };
    },
    keepsData: true,
    resizes: false,
    grows: false,
  });

/** What the unit was asked for since it was opened, as text. */
const asked = (unit: ScsiUnit, from: number): string[] =>
  unit.log.slice(from).map((command) => command.toString('hex').replace(/(00)+$/, ''));

const instead = (operation: number, outcome: () => Outcome, action?: number): UnitOptions => ({
  instead: (command) =>
    command[0] === operation && (action === undefined || (command[1]! & 0x1f) === action)
      ? outcome()
      : undefined,
});

describe('opening', () => {
  test('asks the unit what it is, and only for pages that it has', async () => {
    const { unit } = await fixture.disk(MiB, THIN);
    expect(asked(unit, 0)).toEqual([
      '',
      '12000000ff',
      '1a083f00ff',
      '9e100000000000000000000000ff',
      '12010000ff',
      '1201b000ff',
      '1201b200ff',
    ]);
  });

  test('limits are those of the unit', async () => {
    const limits = { maxTransfer: 100, maxUnmap: 1000, unmapGranularity: 16, maxWriteSame: 200 };
    const { node } = await fixture.disk(MiB, {
      thin: true,
      pages: { 176: blockLimits(limits), 178: provisioning() },
    });
    expect(node.io.limits).toEqual({
      requestAlignment: 512,
      maxTransfer: 100 * 512,
      zeroAlignment: 0,
      maxZero: 200 * 512,
      discardAlignment: 16 * 512,
      maxDiscard: 1000 * 512,
    });
    expect(node.state.info?.()).toEqual({ clusterSize: 8192, dirty: false });
  });

  test('a unit that tells no limits', async () => {
    const { node } = await fixture.disk(MiB);
    expect(node.io.limits).toEqual({
      requestAlignment: 512,
      maxTransfer: 2 ** 24,
      zeroAlignment: 0,
      maxZero: 0xffff * 512,
      discardAlignment: 0,
      maxDiscard: 2 ** 31,
    });
    expect(node.state.info?.()).toEqual({ clusterSize: 0, dirty: false });
  });

  test.each<[number, number, string]>([
    [1, 0, 'a tape'],
    [0x0c, 0, 'a controller'],
    [5, MiB, 'a drive, which is asked in another way'],
    [0x20, MiB, 'a disk that is not there'],
  ])('of a unit of type %i %i bytes are seen: %s', async (type, length) => {
    const { node } = await fixture.disk(MiB, { type });
    expect(node.io.length()).toBe(length);
  });

  test.each<[string, UnitOptions]>([
    ['iSCSI: the target returned an invalid block size of 0.', instead(0x9e, () => good(capacity(9n, 0)))],
    [
      'iSCSI: the target returned an invalid block size of 513.',
      instead(0x9e, () => good(capacity(9n, 513))),
    ],
    [
      'iSCSI: the target returned an invalid block size of 256.',
      instead(0x9e, () => good(capacity(9n, 256))),
    ],
    ['iSCSI: the target returned an invalid block size of 0.', instead(0x9e, () => good(Buffer.alloc(7)))],
    ['Driver requires too large request alignment', instead(0x9e, () => good(capacity(9n, 2 ** 31)))],
    [
      'Could not refresh total sector count: File too large',
      instead(0x9e, () => good(capacity(2n ** 54n, 512))),
    ],
    [
      'iSCSI: failed to send readcapacity10/16 command',
      { instead: ([operation]) => ([0x9e, 0x25].includes(operation!) ? sense(6, 0x29) : undefined) },
    ],
    [
      'iSCSI: Failed to connect to LUN : iscsi_testunitready Too many UnitAttentions during login.',
      instead(0x00, () => sense(6, 0x29)),
    ],
    [
      'iSCSI: Failed to connect to LUN : SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:LOGICAL_UNIT_NOT_SUPPORTED(0x2500)',
      instead(0x00, () => sense(5, 0x25)),
    ],
    [
      'iSCSI: Inquiry command failed : SENSE KEY:(null)(3) ASCQ:(null)(0x1100)',
      instead(0x12, () => sense(3, 0x11)),
    ],
    ['LUN is write protected', { readOnly: true }],
  ])('%s', async (message, unit) => {
    await expect(fixture.disk(MiB, unit)).rejects.toMatchObject({ name: 'CommandError', message });
    expect(fixture.graph.nodes).toEqual([]);
  });

  test('a unit without the long command for its size is asked by the short one', async () => {
    const { node } = await fixture.disk(
      MiB,
      instead(0x9e, () => sense(5, 0x20)),
    );
    expect(node.io.length()).toBe(MiB);
  });

  test('a drive without a medium is one', async () => {
    const { node } = await fixture.disk(MiB, { ...instead(0x00, () => sense(2, 0x3a)), type: 5 });
    expect(node.io.length()).toBe(MiB);
  });

  test('a write-protected unit may be read, and does not become writable', async () => {
    const { node } = await fixture.disk(MiB, { readOnly: true }, {}, { 'read-only': true });
    await node.io.read(0, Buffer.alloc(512));
    await expect(node.setReadOnly(false)).rejects.toThrow('Cannot open a write protected LUN as read-write');
  });

  test('a unit that does not tell whether it may be written is taken to be writable', async () => {
    await fixture.disk(
      MiB,
      instead(0x1a, () => sense(5, 0x20)),
    );
    expect(fixture.lines).toEqual(['iSCSI: Failed MODE_SENSE(6), LUN assumed writable']);
  });

  test.each([[], [3, 0, 0x80], [4, 0, 0x80, 0]])('nor one whose answer is cut off: %j', async (...bytes) => {
    await fixture.disk(
      MiB,
      instead(0x1a, () => good(Uint8Array.from(bytes))),
    );
    expect(fixture.lines).toEqual(['iSCSI: Failed to unmarshall MODE_SENSE(6) data: ']);
  });

  test.each([0x00, 0xb0, 0xb2])('a disk tells of itself in the pages that it has: %i', async (page) => {
    const pages = { 176: blockLimits({}), 178: Uint8Array.of(0, 0x80, 0, 0) };
    const disk = (answer: Outcome) =>
      fixture.disk(MiB, {
        pages,
        instead: ([code, vital, pageCode]) =>
          code === 0x12 && vital === 1 && pageCode === page ? answer : undefined,
      });
    await expect(disk(sense(5, 0x24))).rejects.toThrow(
      'iSCSI: Inquiry command failed : SENSE KEY:ILLEGAL_REQUEST(5)',
    );
    await expect(disk(good())).rejects.toThrow('iSCSI: failed to unmarshall inquiry datain blob');
  });

  test.each([
    [-1, 'ffff'],
    [255, '00ff'],
    [256, '0100'],
    [70_000, '1170'],
  ])('unit %i is called %s', async (lun, place) => {
    const target = await fixture.target({});
    await expect(fixture.open(target, { lun })).rejects.toThrow('LOGICAL_UNIT_NOT_SUPPORTED');
    const { header } = target.sessions[0]!.received.find((pdu) => pdu.header.opcode === 1)!;
    expect(header.bytes.toString('hex', 8, 16)).toBe(`${place}000000000000`);
  });

  test.each([
    [{}, 'iqn.2008-11.org.linux-kvm'],
    [{ guestName: 'vm' }, 'iqn.2008-11.org.linux-kvm:vm'],
    [{ guestName: 'vm', guestUuid: '1-2' }, 'iqn.2008-11.org.linux-kvm:1-2'],
  ])('the endpoint calls itself after its guest: %o', async (guest, name) => {
    Object.assign(fixture.graph.services, guest);
    const { target } = await fixture.disk(MiB);
    expect(target.logins[0]?.get('InitiatorName')).toBe(name);
  });

  test.each<[JsonObject, string]>([
    [{ user: 'joe' }, 'CHAP username specified but no password was given'],
    [{ user: 'joe', 'password-secret': 'none' }, "No secret with id 'none'"],
    [{ target: '' }, 'iscsi_login_async failed: Trying normal connect but target name not set.'],
    [{ 'initiator-name': '' }, 'iSCSI: Failed to create iSCSI context.'],
    [{ portal: '' }, 'Can not resolv into IPv4/v6.'],
    [{ transport: 'iser' }, 'Failed creating Event Channel'],
  ])('nobody is asked with %o', async (more, words) => {
    const target = await fixture.target({});
    await expect(fixture.open(target, more)).rejects.toThrow(words);
    expect(target.sessions).toEqual([]);
  });

  test('a host that nobody knows', async () => {
    const open = fixture.open({ portal: 'nobody.invalid' } as ScriptedTarget);
    await expect(open).rejects.toThrow('Invalid target:nobody.invalid  Can not resolv into IPv4/v6.');
  });

  test('nothing of an open that failed is left', async () => {
    const target = await fixture.target({});
    await expect(fixture.open(target)).rejects.toThrow('LOGICAL_UNIT_NOT_SUPPORTED');
    await target.idle();
    expect(fixture.clock.pending).toBe(0);
  });
});

describe('requests', () => {
  test('many in flight, whatever their size, and only as many as the target takes', async () => {
    const { target, node } = await fixture.disk(8 * MiB);
    target.sessions[0]!.window = 3;
    const pieces = Array.from({ length: 200 }, (_, i) => ({
      offset: i * 40_000,
      data: Buffer.alloc(40_000, i + 1),
    }));
    await Promise.all(pieces.map(({ offset, data }) => node.io.write(offset, data)));
    for (const { offset, data } of pieces) {
      const buffer = Buffer.alloc(data.length);
      await node.io.read(offset, buffer);
      expect(buffer.equals(data)).toBe(true);
    }
  });

  test('long ones are split, and come in several units', async () => {
    const { unit, node } = await fixture.disk(40 * MiB);
    const data = Buffer.alloc(33 * MiB, 7);
    await node.io.write(512, data);
    const buffer = Buffer.alloc(33 * MiB);
    await node.io.read(512, buffer);
    expect(buffer.equals(data)).toBe(true);
    expect(unit.operations.filter((operation) => operation === 0x2a)).toHaveLength(3);
  });

  test('long commands are used where addresses want them', async () => {
    const beyond = 2 ** 32 + 8;
    const { unit, node } = await fixture.disk(MiB, {
      ...THIN,
      instead: (command) => {
        if (command[0] === 0x9e && command[1] === 0x10) return good(capacity(BigInt(beyond), 512, 0xc0));
        return command[0] === 0x12 || command[0] === 0x00 || command[0] === 0x1a ? undefined : good();
      },
    });
    const opened = unit.log.length;
    await node.io.write((beyond - 8) * 512, Buffer.alloc(512, 1));
    await node.io.writeZeroes((beyond - 8) * 512, 2048, { mayUnmap: true });
    await node.io.discard((beyond - 8) * 512, 1024);
    expect(asked(unit, opened)).toEqual([
      '8a00000000010000000000000001',
      '9308000000010000000000000004',
      '420000000000000018',
    ]);
  });

  test('zeroes are the same block everywhere, which may be unmapped if the unit says so', async () => {
    const { unit, node } = await fixture.disk(MiB, THIN);
    const opened = unit.log.length;
    await node.io.write(0, Buffer.alloc(MiB, 1));
    await node.io.writeZeroes(512, 64 * KiB);
    await node.io.writeZeroes(128 * KiB, 512, { mayUnmap: true });
    expect(asked(unit, opened + 1)).toEqual(['410000000001000080', '410800000100000001']);
    expect(unit.bytes.subarray(512, 512 + 64 * KiB).every((byte) => byte === 0)).toBe(true);
    expect(unit.mapped.has(256)).toBe(false);
  });

  test.each([
    ['it cannot', provisioning({ writeSame10: false, writeSame16: false }), true],
    ['only by long commands', provisioning({ writeSame10: false }), true],
    ['what is unmapped is anything', provisioning(), false],
  ])('zeroes are not unmapped where %s', async (_why, page, zeroes) => {
    const { unit, node } = await fixture.disk(MiB, {
      thin: true,
      pages: { 178: page },
      ...instead(0x9e, () => good(capacity(2048n, 512, zeroes ? 0xc0 : 0x80)), 0x10),
    });
    const opened = unit.log.length;
    await node.io.writeZeroes(0, 512, { mayUnmap: true });
    expect(asked(unit, opened)).toEqual(['410000000000000001']);
  });

  test.each([0x20, 0x24])('zeroes are data for a unit that does not know the command (%i)', async (code) => {
    const { unit, node } = await fixture.disk(
      4 * MiB,
      instead(0x41, () => sense(5, code)),
    );
    unit.bytes.fill(1);
    const opened = unit.log.length;
    await node.io.writeZeroes(0, 3 * MiB);
    await node.io.writeZeroes(512, 512);
    expect(unit.operations.slice(opened)).toEqual([0x41, 0x2a, 0x2a]);
    expect(unit.bytes.indexOf(1)).toBe(3 * MiB);
  });

  test('discards keep to what the unit unmaps', async () => {
    const limits = blockLimits({ maxUnmap: 64, unmapGranularity: 8 });
    const { unit, node } = await fixture.disk(MiB, {
      thin: true,
      pages: { 176: limits, 178: provisioning() },
    });
    await node.io.write(0, Buffer.alloc(MiB, 1));
    await node.io.discard(512, 100 * KiB);
    expect(unit.operations.filter((operation) => operation === 0x42)).toHaveLength(3);
    expect([unit.mapped.has(7), unit.mapped.has(8), unit.mapped.has(199), unit.mapped.has(200)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('a unit that cannot unmap is not asked to, and one that fails to is forgiven', async () => {
    const thick = await fixture.disk(MiB);
    await thick.node.io.discard(0, MiB);
    expect(thick.unit.operations).not.toContain(0x42);
    const failing = await fixture.disk(MiB, { ...THIN, ...instead(0x42, () => sense(3, 0x11)) });
    await failing.node.io.discard(0, MiB);
    expect(failing.unit.operations).toContain(0x42);
  });

  test('a flush reaches the medium', async () => {
    const { unit, node } = await fixture.disk(MiB);
    await node.io.write(0, Buffer.alloc(512, 1));
    await node.io.flush();
    expect(unit.operations.at(-1)).toBe(0x35);
  });

  test('which blocks have storage, and that what has none is zeroes', async () => {
    const { unit, node } = await fixture.disk(MiB, THIN);
    unit.mapped.add(10).add(11);
    expect(await node.io.blockStatus(1024, MiB)).toEqual({ length: 4096, zero: true, allocated: true });
    expect(await node.io.blockStatus(5120, 4096)).toEqual({ length: 1024, zero: false, allocated: true });
  });

  test.each<[string, UnitOptions]>([
    ['a unit that is not thin', {}],
    ['one that does not tell', { thin: true, ...instead(0x9e, () => sense(5, 0x24), 0x12) }],
    [
      'one whose holes are anything',
      { thin: true, ...instead(0x9e, () => good(capacity(2048n, 512, 0x80)), 0x10) },
    ],
  ])('all of %s is data', async (_name, options) => {
    const { node } = await fixture.disk(MiB, options);
    expect(await node.io.blockStatus(0, MiB)).toEqual({ length: MiB, zero: false, allocated: true });
  });

  test('a disk that became larger or smaller at the target is so here when it is resized', async () => {
    const { unit, node } = await fixture.disk(MiB);
    await expect(node.truncate(2 * MiB)).rejects.toThrow('Cannot grow iSCSI devices');
    unit.bytes = Buffer.alloc(4 * MiB);
    await node.truncate(2 * MiB);
    expect(node.io.length()).toBe(4 * MiB);
    unit.bytes = Buffer.alloc(512);
    await node.truncate(512);
    expect(node.io.length()).toBe(512);
  });

  test('what is no disk is not resized', async () => {
    const { node } = await fixture.disk(MiB, { type: 5 });
    await expect(node.truncate(512)).rejects.toThrow('Cannot resize non-disk iSCSI devices');
  });
});

describe('new images', () => {
  const create = async (format: string, size: number): Promise<ScsiUnit> => {
    const unit = new ScsiUnit(Buffer.alloc(MiB, 1));
    const { portal } = await fixture.target({ 0: unit });
    await createNamedImage(fixture.graph, { filename: `iscsi://${portal}/${TARGET}/0`, format, size });
    return unit;
  };

  test('are units that have room for them', async () => {
    const unit = await create('raw', MiB);
    expect(unit.bytes.every((byte) => byte === 1)).toBe(true);
    await expect(create('raw', MiB + 512)).rejects.toThrow('Cannot grow iSCSI devices');
  });

  test('or lie in them', async () => {
    const unit = await create('qcow2', 64 * MiB);
    expect(unit.bytes.toString('latin1', 0, 3)).toBe('QFI');
  });
});

describe('errors', () => {
  test.each<[string, string, Outcome]>([
    ['EIO', 'SENSE KEY:(null)(3) ASCQ:(null)(0x1100)', sense(3, 0x11)],
    ['EIO', 'SENSE KEY:HARDWARE_ERROR(4) ASCQ:INTERNAL_TARGET_FAILURE(0x4400)', sense(4, 0x44)],
    ['EINVAL', 'SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:INVALID_OPERATION_CODE(0x2000)', sense(5, 0x20)],
    ['EINVAL', 'SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:INVALID_FIELD_IN_CDB(0x2400)', sense(5, 0x24)],
    ['ENOSPC', 'SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:LBA_OUT_OF_RANGE(0x2100)', sense(5, 0x21)],
    ['ENOSPC', 'SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:LBA_OUT_OF_RANGE(0x2100)', descriptorSense(5, 0x21)],
    ['ENOTSUP', 'SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:LOGICAL_UNIT_NOT_SUPPORTED(0x2500)', sense(5, 0x25)],
    ['EIO', 'SENSE KEY:ILLEGAL_REQUEST(5) ASCQ:(null)(0x9900)', sense(5, 0x99)],
    ['EACCES', 'SENSE KEY:DATA PROTECTION(7) ASCQ:WRITE_PROTECTED(0x2700)', sense(7, 0x27)],
    ['EIO', 'SENSE KEY:DATA PROTECTION(7) ASCQ:HARDWARE_WRITE_PROTECTED(0x2701)', sense(7, 0x27, 1)],
    ['ENOSPC', 'SENSE KEY:DATA PROTECTION(7) ASCQ:(null)(0x2707)', sense(7, 0x27, 7)],
    ['EINPROGRESS', 'SENSE KEY:NOT READY(2) ASCQ:(null)(0x0401)', sense(2, 4, 1)],
    ['ENOMEDIUM', 'SENSE KEY:NOT READY(2) ASCQ:MEDIUM_NOT_PRESENT(0x3a00)', sense(2, 0x3a)],
    ['ECANCELED', 'SENSE KEY:COMMAND ABORTED(11) ASCQ:(null)(0x4b00)', sense(11, 0x4b)],
    ['EIO', '(null)', { status: Status.conflict, bytes: Buffer.alloc(0) }],
    [
      'EIO',
      'SENSE KEY:HARDWARE_ERROR(4) ASCQ:(null)(0x0000)',
      { ...sense(4, 0), bytes: Buffer.from([0, 3, 0x70, 0, 4]) },
    ],
  ])('%s for %s', async (code, _words, outcome) => {
    const { node } = await fixture.disk(
      MiB,
      instead(0x28, () => outcome),
    );
    await expect(node.io.read(1024, Buffer.alloc(512))).rejects.toMatchObject({ name: 'IoError', code });
  });

  test('what passes is asked for again at once, and not for ever', async () => {
    let attentions = 7;
    const options = instead(0x28, () => {
      attentions -= 1;
      return attentions >= 0 ? sense(6, 0x29) : good(Buffer.alloc(512, 5));
    });
    const { node } = await fixture.disk(MiB, options);
    const buffer = Buffer.alloc(512);
    await node.io.read(0, buffer);
    expect(buffer[0]).toBe(5);
    attentions = 8;
    await expect(node.io.read(0, buffer)).rejects.toMatchObject({ code: 'EIO' });
  });

  test.each([Status.busy, Status.setFull])(
    'a target with too much to do (%i) is given time',
    async (status) => {
      let times = 3;
      const options = instead(0x28, () => {
        times -= 1;
        return times >= 0 ? { status, bytes: Buffer.alloc(0) } : good(Buffer.alloc(512, 5));
      });
      const { node } = await fixture.disk(MiB, options);
      const before = fixture.clock.pending;
      const buffer = Buffer.alloc(512);
      const read = node.io.read(0, buffer);
      for (const most of [10n, 40n, 160n]) {
        await fixture.clock.waitedFor(before + 1);
        fixture.clock.advance(most * 1_000_000n);
      }
      await read;
      expect(buffer[0]).toBe(5);
    },
  );
});
