import { expect, test } from 'vitest';
import { drivers as table } from '../drivers/index.ts';
import { DriverTable } from './driver-table.ts';
import { nodeFilename } from './node-filename.ts';

const drivers = new DriverTable(table);
const file = nodeFilename('file', drivers.get('file'), { filename: '/a b.img' }, []);
const locked = nodeFilename('file', drivers.get('file'), { filename: '/x', locking: 'off' }, []);
const plainNull = nodeFilename('null-co', drivers.get('null-co'), {}, []);

test('a protocol is called by its file name, whatever its other options', () => {
  expect(file.shown).toBe('/a b.img');
  expect(locked.shown).toBe('/x');
  expect(plainNull.shown).toBe('null-co://');
});

test('a format without options of its own is called as its file is', () => {
  const child = (filename: typeof file) => [{ name: 'file', filename }];
  expect(nodeFilename('raw', drivers.get('raw'), { file: 'f' }, child(file)).shown).toBe('/a b.img');
  expect(nodeFilename('raw', drivers.get('raw'), { file: {} }, child(plainNull)).shown).toBe('null-co://');
});

test('what no plain name tells is told as options, members in the order of the endpoint', () => {
  expect(nodeFilename('null-co', drivers.get('null-co'), { size: 2n ** 62n }, []).shown).toBe(
    'json:{"driver": "null-co", "size": 4611686018427387904}',
  );
  const own = { size: 1024, offset: 512, file: {} };
  expect(nodeFilename('raw', drivers.get('raw'), own, [{ name: 'file', filename: locked }]).shown).toBe(
    'json:{"offset": 512, "driver": "raw", "size": 1024, "file": {"locking": "off", "driver": "file", "filename": "/x"}}',
  );
});

test('options of options are flattened, text is ASCII', () => {
  const filter = { ...drivers.get('raw'), kind: 'filter' as const };
  const own = { a: { b: true, c: ['é"', null] } };
  expect(nodeFilename('f', filter, own, []).shown).toBe(
    'json:{"a.b": true, "a.c.1": null, "a.c.0": "\\u00E9\\"", "driver": "f"}',
  );
});
