/**
 * The check sees an endpoint that says yes and does nothing: of every kind of effect one command after another is
 * swallowed, and no other. The same steps on the endpoint that does what it says show nothing.
 */
import { describe, test } from 'vitest';
import { reference } from '../targets/reference.ts';
import { SCENES, seen } from '../testing/effect-scenes.ts';

describe('on the reference', () => {
  const target = reference('reference');
  test.each(SCENES.map((scene) => [scene.command, scene] as const))('%s', (_, scene) => seen(target, scene));
});
