/** Planted defects of which no answer is wrong by itself: they show when a program is compared with one that must come to the same. */
import type { Defect, Moment } from './defects.ts';

/** A new node is read-only, though nobody asked for it. */
function readOnlyAfter(
  name: string,
  minimal: number,
  when: (earlier: string | undefined) => boolean,
): Defect {
  return {
    name,
    kind: 'deviation',
    minimal,
    at({ command, reply, args, model, history }: Moment) {
      const made = model.nodes.get(String(args['node-name']));
      if (
        command === 'blockdev-add' &&
        reply.error === undefined &&
        made !== undefined &&
        when(history.at(-2))
      )
        made.readOnly = true;
      return null;
    },
  };
}

export const RELATION_DEFECTS: readonly Defect[] = [
  readOnlyAfter('node is read-only after a refusal', 2, (earlier) => earlier?.endsWith(' refused') === true),
  readOnlyAfter(
    'node is read-only after another new one',
    2,
    (earlier) => earlier?.startsWith('blockdev-add ') === true && earlier.endsWith(' ok'),
  ),
];
