import { describe, expect, it } from 'vitest';
import { mapStrings } from './map-strings.ts';

describe('mapStrings', () => {
  it('keeps what is no string', () => {
    const value = { a: [1n, true, null, { b: 0.5 }] };
    expect(mapStrings(value, (text) => text)).toEqual(value);
  });
});
