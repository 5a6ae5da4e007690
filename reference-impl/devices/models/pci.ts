/** What PCI devices share. */
import { flag, type PropertyTypes, text, unsigned } from '../properties.ts';

/** Properties of all that plug into PCI. */
export const PCI: PropertyTypes = {
  addr: { ...text, type: 'int32', initial: -1 },
  romfile: text,
  rombar: unsigned(32, 1),
  multifunction: flag(false),
  command_serr_enable: flag(true),
};
