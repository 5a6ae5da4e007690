/** Targets by name, as given to `--target`. A new kind is one file and one line here. */
import { isAddress, type TransportOptions } from '../transports/address.ts';
import { addressTarget } from './attached-target.ts';
import { execTarget } from './exec.ts';
import { commandFrom, programFrom } from './from-folder.ts';
import { ptyTarget } from './pty-target.ts';
import { qemuStorageDaemon } from './qemu-storage-daemon.ts';
import { qemuSystem } from './qemu-system.ts';
import { reference } from './reference.ts';
import { referenceSpawn } from './reference-spawn.ts';
import type { Target } from './target.ts';

/** No target has such a name. */
export class TargetNameError extends Error {
  override readonly name = 'TargetNameError';
}

/** `rest`: what follows the first colon, if there is one. `folder`: the one that relative file names in it start from. */
type Make = (name: string, rest: string | undefined, folder: string) => Target;

const kinds: Readonly<Record<string, { readonly form: string; readonly make: Make }>> = {
  reference: {
    form: 'reference[:spawn]',
    make: (name, rest) => {
      if (rest === undefined) return reference(name);
      if (rest === 'spawn') return referenceSpawn(name);
      throw new TargetNameError(`'${name}': the reference can only be embedded or spawned`);
    },
  },
  'qemu-system': {
    form: 'qemu-system[:PATH]',
    make: (name, path, folder) => qemuSystem(name, path && programFrom(folder, path)),
  },
  'qemu-storage-daemon': {
    form: 'qemu-storage-daemon[:PATH]',
    make: (name, path, folder) => qemuStorageDaemon(name, path && programFrom(folder, path)),
  },
  exec: {
    form: 'exec:COMMAND',
    make: (name, command, folder) => execTarget(name, commandFrom(folder, needed(name, command))),
  },
  pty: {
    form: 'pty:COMMAND',
    make: (name, command, folder) => ptyTarget(name, commandFrom(folder, needed(name, command))),
  },
};

function needed(name: string, rest: string | undefined): string {
  if (rest === undefined || rest.trim() === '') throw new TargetNameError(`'${name}': a command is missing`);
  return rest;
}

/**
 * The target of that name. Relative names of programs and files start from `folder`, the current one by default. Throws
 * `TargetNameError`, or `AddressError` for a faulty address.
 */
export function resolveTarget(
  name: string,
  options: TransportOptions = {},
  folder: string = process.cwd(),
): Target {
  const colon = name.indexOf(':');
  const kind = colon === -1 ? name : name.slice(0, colon);
  if (Object.hasOwn(kinds, kind))
    return kinds[kind]!.make(name, colon === -1 ? undefined : name.slice(colon + 1), folder);
  if (isAddress(name)) return addressTarget(name, options);
  const forms = Object.values(kinds).map(({ form }) => form);
  throw new TargetNameError(
    `no target '${name}'; known are ${forms.join(', ')}, and addresses like unix:PATH`,
  );
}
