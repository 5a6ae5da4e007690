/** What PCI devices share. */
import { CommandError } from '../../qapi/command-error.ts';
import { flag, type PropertyType, type PropertyTypes, text, unsigned } from '../properties.ts';

/** A slot and a function, both in hexadecimal: `5`, `05.1`. */
const slot: PropertyType = {
  type: 'int32',
  initial: -1,
  parse(value) {
    const [, number, part = '0'] = /^(?:0x)?([\da-f]{1,2})(?:\.([0-7]))?$/i.exec(value) ?? [];
    const devfn = number === undefined ? -1 : (Number.parseInt(number, 16) << 3) | Number(part);
    if (devfn < 0 || devfn > 0xff) throw new CommandError(`Property '.addr' doesn't take value '${value}'`);
    return devfn;
  },
};

/** Properties of all that plug into PCI. */
export const PCI: PropertyTypes = {
  addr: slot,
  romfile: text,
  rombar: unsigned(32, 1),
  multifunction: flag(false),
  command_serr_enable: flag(true),
};
