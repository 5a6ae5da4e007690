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

describe('junit', () => {
  it('has a suite for each theme and tells failures from harness errors', () => {
    const root = parseXml(render(junit, example));
    expect(root.attributes).toMatchObject({ tests: '8', failures: '2', errors: '1', skipped: '2' });
    expect(root.children.map((suite) => suite.attributes.name)).toEqual([
      'protocol',
      'block_resize',
      'query-block',
    ]);
    const [failure, crash] = root.children[1]!.children.filter((one) => one.name === 'testcase').map(
      (one) => one.children[0]!,
    );
    expect(failure).toMatchObject({
      name: 'failure',
      attributes: { message: 'the command must be refused', type: 'fail' },
    });
    expect(failure!.text).toContain('got: {"return":{}}');
    expect(crash!.text).toContain('ended: signal SIGABRT\nin flight: {"execute": "block_resize"}');
  });

  it('is well-formed and complete whatever endpoints say', () => {
    fc.assert(
      fc.property(runRecord, (record) => {
        const root = parseXml(render(junit, record));
        expect(testCases(root)).toHaveLength(record.cases.length + unexpectedlyStale(record).length);
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
