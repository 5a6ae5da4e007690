/** Objects that cases make. */
import type { Json, JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';

/** The arguments of object-add: since QEMU 6.0 there is no `props`, and properties stand beside the type. */
export function objectArguments(
  t: CaseContext,
  type: string,
  id: string,
  props: Readonly<Record<string, Json>>,
): JsonObject {
  const members = t.endpointSchema.commands.get('object-add')?.arguments.members;
  const hasProps = members?.some(({ name }) => name === 'props') === true;
  return { 'qom-type': type, id, ...(hasProps ? { props } : props) };
}
