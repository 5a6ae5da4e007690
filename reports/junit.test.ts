import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { junit } from './junit.ts';
import { runRecord } from './testing/arbitrary-record.ts';
import { example } from './testing/example-record.ts';
import { render } from './testing/render.ts';
import { parseXml, type XmlElement } from './testing/xml-reader.ts';
import { countUnexpected, unexpectedlyStale } from './unexpected.ts';

function testCases(root: XmlElement): XmlElement[] {
  return root.children.flatMap((suite) => suite.children.filter((one) => one.name === 'testcase'));
}

function propertiesOf({ children }: XmlElement): Record<string, string> {
  const list = children.find(({ name }) => name === 'properties')?.children ?? [];
  return Object.fromEntries(list.map(({ attributes }) => [attributes.name!, attributes.value!]));
}

describe('junit', () => {
  it('has a suite for each theme and tells failures from harness errors', () => {
    const root = parseXml(render(junit, example));
    expect(root.attributes).toMatchObject({ tests: '8', failures: '2', errors: '1', skipped: '2' });
    expect(root.children.map((suite) => suite.attributes.name)).toEqual([
      'protocol',
      'block_resize',
      'query-block',
    ]);
    const cases = testCases(root);
    const result = (id: string) => cases.find(({ attributes }) => attributes.name === id)!.children.at(-1)!;
    expect(result('block_resize/negative-size')).toMatchObject({
      name: 'failure',
      attributes: { message: 'the command must be refused at $.return', type: 'fail' },
      text: expect.stringContaining('got: {"return":{}}'),
    });
    expect(result('block_resize/huge-size')).toMatchObject({
      attributes: { type: 'crash' },
      text: expect.stringContaining('ended: signal SIGABRT\nin flight: {"execute": "block_resize"}'),
    });
  });

  it('says of what is skipped why, of the run what it was, and of each case its causes', () => {
    const root = parseXml(render(junit, { ...example, endpoint: { ...example.endpoint, name: 'lab' } }));
    const skipped = testCases(root).flatMap(({ children }) =>
      children.filter(({ name }) => name === 'skipped'),
    );
    expect(skipped.map(({ attributes }) => attributes.message)).toEqual([
      'no guest devices',
      'expected: fixed in 8.0',
    ]);
    expect(root.attributes.name).toBe('qmpcheck lab');
    expect(propertiesOf(root.children[0]!)).toMatchObject({
      target: 'unix:/run/a b.sock',
      name: 'lab',
      version: 'QEMU 7.2.13',
      seed: '42',
      level: 'must',
      'cause 3': '1 case: the command must be refused at $.return',
    });
    const crashed = testCases(root).find(({ attributes }) => attributes.name === 'block_resize/huge-size')!;
    expect(propertiesOf(crashed)).toEqual({ cause: 'the endpoint crashed: SIGABRT: assertion failed' });
  });

  it('gives times with six digits at most, of a suite and of all the sum', () => {
    const cases = example.cases.map((one, index) => ({ ...one, durationMs: 1234.56789012345 * (index + 1) }));
    const root = parseXml(render(junit, { ...example, cases }));
    const times = [root, ...root.children, ...testCases(root)].map(({ attributes }) => attributes.time!);
    expect(times.filter((time) => !/^[\d.]+$/.test(time) || time.replace('.', '').length > 7)).toEqual([]);
    expect(times[0]).toBe('44.4444');
  });

  it('is well-formed and complete whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const root = parseXml(render(junit, record));
        expect(testCases(root)).toHaveLength(record.cases.length + unexpectedlyStale(record).length);
        for (const { attributes } of [root, ...root.children, ...testCases(root)])
          expect(attributes.time).toMatch(/^\d+(\.\d+)?$/);
        expect(Number(root.attributes.failures) + Number(root.attributes.errors)).toBe(
          countUnexpected(record),
        );
      }),
    );
  });
});

describe('parseXml', () => {
  it.each([
    ['an unclosed element', '<a><b></a>'],
    ['a bare ampersand', '<a>x & y</a>'],
    ['an unknown reference', '<a>&x;</a>'],
    ['an unquoted attribute', '<a b=c/>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['a control character', '<a>\u0001</a>'],
    ['a lone surrogate', '<a>\ud800</a>'],
    ['two roots', '<a/><b/>'],
    ['an end of CDATA in text', '<a>]]></a>'],
  ])('refuses %s', (_, body) => {
    expect(() => parseXml(`<?xml version="1.0" encoding="UTF-8"?>${body}`)).toThrow();
  });
});
