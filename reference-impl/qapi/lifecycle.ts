/**
 * The lifecycle arguments of backups that came after the spec, with QEMU 2.12, as an extension of its schema: with them
 * `block-job-finalize`, `block-job-dismiss` and BLOCK_JOB_PENDING have something to do.
 */
import type { Member, ObjectType, Schema } from '../../spec/model.ts';
import { driversOf, restrictSchema } from '../../spec/restrict-schema.ts';

/** The arguments as a command gets them; absent where they are not given, and from every other command. */
export interface LifecycleArguments {
  readonly 'auto-finalize'?: boolean;
  readonly 'auto-dismiss'?: boolean;
}

/** A copy of the spec's whole schema with the additional arguments. */
export function withLifecycle(spec: Schema): Schema {
  const whole = restrictSchema(spec, {
    commands: [...spec.commands.keys()],
    events: [...spec.events.keys()],
    drivers: driversOf(spec),
  });
  const bool = whole.types.get('bool')!;
  const names: readonly (keyof LifecycleArguments)[] = ['auto-finalize', 'auto-dismiss'];
  const added: Member[] = names.map((name) => ({ name, type: bool, optional: true, features: [] }));
  for (const name of ['BlockdevBackup', 'DriveBackup']) {
    const type = whole.types.get(name) as { -readonly [K in keyof ObjectType]: ObjectType[K] };
    type.members = [...type.members, ...added];
  }
  return whole;
}
