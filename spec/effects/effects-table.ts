/**
 * The table: what each command and each action of a transaction does. A command that is new is one entry in the file of its
 * theme.
 */
import type { QmpCommands, TransactionAction } from '../generated/qmp.ts';
import { BITMAP_EFFECTS } from './bitmap-effects.ts';
import { DEVICE_EFFECTS } from './device-effects.ts';
import type { CommandEffects } from './effects.ts';
import { EXPORT_EFFECTS } from './export-effects.ts';
import { JOB_EFFECTS } from './job-effects.ts';
import { MONITOR_EFFECTS } from './monitor-effects.ts';
import { NODE_EFFECTS } from './node-effects.ts';

/** By name; those that the spec does not describe came with later releases. */
export const EFFECTS: Readonly<Record<string, CommandEffects>> = {
  ...NODE_EFFECTS,
  ...JOB_EFFECTS,
  ...BITMAP_EFFECTS,
  ...EXPORT_EFFECTS,
  ...DEVICE_EFFECTS,
  ...MONITOR_EFFECTS,
} satisfies Readonly<Record<keyof QmpCommands | TransactionAction['type'], CommandEffects>>;
