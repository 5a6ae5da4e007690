/**
 * What `-drive` says of the guest's hardware, which is for `-device` to say since: it holds for a device that says
 * nothing of it. Bounds are those of QEMU 2.11's manual.
 */
import type { DriveHardware } from '../backend/block-backend.ts';
import { CommandError } from '../qapi/command-error.ts';
import { integerOf } from '../qapi/opts.ts';
import type { Media } from './drive-places.ts';

/** Options that are taken out one by one. */
interface Taken {
  take(name: string): string | undefined;
  takeSwitch(name: string): boolean | undefined;
}

/** What is left to say to the user. */
interface Hardware {
  readonly hardware: DriveHardware;
  /** Where on PCI the device is that the machine makes for the drive. */
  readonly addr: string | undefined;
  readonly warnings: readonly string[];
}

const MOST = { cyls: 16383, heads: 16, secs: 63 } as const;
const TRANSLATIONS = ['none', 'lba', 'auto'];

/** Throws `CommandError`. */
export function takeHardware(opts: Taken, media: Media, type: string | undefined): Hardware {
  const warnings: string[] = [];
  if (opts.takeSwitch('boot') !== undefined)
    warnings.push(
      'boot=on|off is deprecated and will be ignored. Future versions will reject this parameter. Please update your scripts.',
    );
  const take = (name: string): string | undefined => {
    const value = opts.take(name);
    if (value !== undefined)
      warnings.push(`'${name}' is deprecated, please use the corresponding option of '-device' instead`);
    return value;
  };
  const serial = take('serial');
  const addr = take('addr');
  if (addr !== undefined && type !== 'virtio')
    throw new CommandError('addr is not supported by this bus type');
  const geometry = takeGeometry(take);
  if (geometry && media === 'cdrom')
    throw new CommandError(`cyls, heads and secs can't be set with media=${media}`);
  const translation = takeTranslation(take, geometry !== undefined);
  return {
    hardware: {
      ...(serial !== undefined && { serial }),
      ...(geometry && { geometry }),
      ...(translation !== undefined && { translation }),
    },
    addr,
    warnings,
  };
}

type Take = (name: string) => string | undefined;

/** All of it, or nothing. */
function takeGeometry(take: Take): DriveHardware['geometry'] {
  const given = (['cyls', 'heads', 'secs'] as const).map((name) => {
    const text = take(name);
    return [name, text === undefined ? 0 : integerOf(name, text)] as const;
  });
  if (given.every(([, number]) => number === 0)) return undefined;
  for (const [name, number] of given)
    if (number < 1 || number > MOST[name]) throw new CommandError(`invalid physical ${name} number`);
  const [cylinders, heads, sectors] = given.map(([, number]) => number);
  return { cylinders: cylinders!, heads: heads!, sectors: sectors! };
}

function takeTranslation(take: Take, hasGeometry: boolean): string | undefined {
  const translation = take('trans');
  if (translation === undefined) return undefined;
  if (!hasGeometry) throw new CommandError('trans must be used with cyls, heads and secs');
  if (!TRANSLATIONS.includes(translation))
    throw new CommandError(`'${translation}' invalid translation type`);
  return translation === 'auto' ? undefined : translation;
}
