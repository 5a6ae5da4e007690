import { describe, expect, it } from 'vitest';
import { Placeholders } from './placeholders.ts';

function placeholders(values: Readonly<Record<string, string>>): Placeholders {
  const made = new Placeholders();
  for (const [name, value] of Object.entries(values)) made.set(name, value);
  return made;
}

describe('placeholders', () => {
  const values = placeholders({ '@DIR@': '/scratch/1', '@PORT@': '4000' });

  it('are filled anywhere in a value, names of members too', () => {
    expect(values.fillAll({ '@DIR@': ['x@DIR@/@PORT@', 1, null] })).toEqual({
      '/scratch/1': ['x/scratch/1/4000', 1, null],
    });
  });

  it('leave other names with at signs alone', () => {
    expect(values.fill('me@example @OTHER@')).toBe('me@example @OTHER@');
  });

  it('take the place of the host’s values, inside json: names too', () => {
    expect(values.hide('json:{"file": "/scratch/1/a"}')).toBe('json:{"file": "@DIR@/a"}');
  });

  it('take the place of a port only where it is a number of its own', () => {
    expect(values.hide('127.0.0.1:4000/x 14000 40001')).toBe('127.0.0.1:@PORT@/x 14000 40001');
  });

  it('stand for temporary overlays', () => {
    expect(values.hide('/var/tmp/vl.Ab12Cd')).toBe('@TMPFILE@');
    expect(values.hide('/scratch/1/vl.img')).toBe('@DIR@/vl.img');
  });
});
