import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Fields,
  HeaderSize,
  pack,
  packChunk,
  packOption,
  packOptionReply,
  packRequest,
  packSimpleReply,
  u16,
  u32,
  u64,
  unpackChunk,
  unpackOption,
  unpackOptionReply,
  unpackRequest,
  unpackSimpleReply,
} from './nbd-messages.ts';
import { errorName, errorNumber, Magic } from './nbd-protocol.ts';

const uint16 = fc.nat(2 ** 16 - 1);
const uint32 = fc.nat(2 ** 32 - 1);
const cookie = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const data = fc.uint8Array({ maxLength: 40 });

test('a request is read as it was written', () => {
  const request = fc.record({ flags: uint16, type: uint16, cookie, offset: fc.maxSafeNat(), length: uint32 });
  fc.assert(
    fc.property(request, (value) => {
      const bytes = packRequest(value);
      expect(bytes.length).toBe(HeaderSize.request);
      expect(unpackRequest(bytes)).toEqual({ magic: Magic.request, ...value });
    }),
  );
});

test('replies are read as they were written', () => {
  fc.assert(
    fc.property(uint16, uint16, cookie, uint32, (flags, type, id, length) => {
      const chunk = { flags, type, cookie: id, length };
      expect(unpackChunk(packChunk(chunk))).toEqual(chunk);
      expect(unpackSimpleReply(packSimpleReply(length, id))).toEqual({ error: length, cookie: id });
    }),
  );
});

test('options and their replies are read as they were written', () => {
  fc.assert(
    fc.property(uint32, uint32, data, (option, type, bytes) => {
      const { length } = bytes;
      expect(unpackOption(packOption(option, bytes))).toEqual({ magic: Magic.option, option, length });
      const reply = { magic: Magic.optionReply, option, type, length };
      expect(unpackOptionReply(packOptionReply(option, type, bytes))).toEqual(reply);
    }),
  );
});

test('a request looks as the protocol draws it', () => {
  const bytes = packRequest({ flags: 1, type: 6, cookie: 0x0102030405060708n, offset: 512, length: 4096 });
  const fields = ['25609513', '0001', '0006', '0102030405060708', '0000000000000200', '00001000'];
  expect(bytes.toString('hex')).toBe(fields.join(''));
});

test('fields are read in order, and not beyond the end', () => {
  const fields = new Fields(pack(u16(7), u32(2), 'hé', u64(2n ** 60n)));
  expect(fields.u16()).toBe(7);
  expect(fields.u32()).toBe(2);
  expect(fields.bytes(3).toString()).toBe('hé');
  expect(fields.u64()).toBe(2n ** 60n);
  expect(() => fields.u16()).toThrow(RangeError);
});

test('a length that promises more than there is', () => {
  expect(() => new Fields(pack(u32(2 ** 32 - 1), 'x')).string()).toThrow(RangeError);
});

test.each([
  ['ENOSPC', 28],
  ['EDQUOT', 28],
  ['EROFS', 1],
  ['ENOTSUP', 95],
  ['EFBIG', 28],
  ['EACCES', 22],
  ['ELOOP', 22],
])('%s is %d on the wire', (name, number) => {
  expect(errorNumber(name)).toBe(number);
});

test('an unknown error is an invalid argument', () => {
  expect(errorName(4711)).toBe('EINVAL');
});
