/**
 * The table: what each command and each action of a transaction does. A command that is new is one entry in the file of its
 * theme.
 */
import type { QmpCommands, TransactionAction } from '../generated/qmp.ts';
import { BITMAP_EFFECTS } from './bitmaps.ts';
import { DEVICE_EFFECTS } from './devices.ts';
import type { CommandEffects } from './effects.ts';
import { EXPORT_EFFECTS } from './exports.ts';
import { JOB_EFFECTS } from './jobs.ts';
import { MONITOR_EFFECTS } from './monitor.ts';
import { NODE_EFFECTS } from './nodes.ts';

/** By name; those that the spec does not describe came with later releases. */
export const EFFECTS: Readonly<Record<string, CommandEffects>> = {
  ...NODE_EFFECTS,
  ...JOB_EFFECTS,
  ...BITMAP_EFFECTS,
  ...EXPORT_EFFECTS,
  ...DEVICE_EFFECTS,
  ...MONITOR_EFFECTS,
} satisfies Readonly<Record<keyof QmpCommands | TransactionAction['type'], CommandEffects>>;
