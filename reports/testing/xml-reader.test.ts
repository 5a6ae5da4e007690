import { expect, test } from 'vitest';
import { parseXml } from './xml-reader.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

test('elements, attributes, text and CDATA are read', () => {
  expect(parseXml(`${DECLARATION}<a b="&lt;1"><c/>x&#10;<![CDATA[<y>]]></a>`)).toEqual({
    name: 'a',
    attributes: { b: '<1' },
    children: [{ name: 'c', attributes: {}, children: [], text: '' }],
    text: 'x\n<y>',
  });
});

test.each([
  ['no declaration', '<a/>'],
  ['a control character', `${DECLARATION}<a>\u0001</a>`],
  ['a reference to a control character', `${DECLARATION}<a>&#1;</a>`],
  ['no character at all', `${DECLARATION}<a>\ufffe</a>`],
  ['an unknown entity', `${DECLARATION}<a>&what;</a>`],
  ['an attribute twice', `${DECLARATION}<a b="1" b="2"/>`],
  ['a bare less-than in an attribute', `${DECLARATION}<a b="<"/>`],
  ['the end of CDATA in text', `${DECLARATION}<a>]]></a>`],
  ['crossed tags', `${DECLARATION}<a><b></a></b>`],
  ['an open tag', `${DECLARATION}<a>`],
  ['text behind the root', `${DECLARATION}<a/>x`],
])('refuses %s', (_, document) => {
  expect(() => parseXml(document)).toThrow();
});
