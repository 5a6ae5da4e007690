/** What the options of a command line add to, one after another, on an endpoint that is about to start. */
import type { Chardev } from './monitor/chardev.ts';
import type { Frontend } from './monitor/frontend.ts';
import type { Dialect, Option } from './options/argv.ts';
import type { AddedDrive } from './options/drive.ts';
import type { Machine } from './options/drive-places.ts';
import type { WireObject } from './qapi/json/wire-value.ts';
import { parseJsonOption, parseKeyval } from './qapi/keyval.ts';
import type { ReferenceEndpoint } from './reference-endpoint.ts';

/** Carries out one option. Throws `CommandError`, or `OptionError` where the message does not begin with the option. */
export type Apply = (option: Option, start: Start) => void | Promise<void>;

/** The endpoint, and what options that came before have left for others. */
export interface Start {
  readonly dialect: Dialect;
  readonly endpoint: ReferenceEndpoint;
  readonly chardevs: Map<string, Chardev>;
  /** The ids of those that something speaks on. */
  readonly inUse: Set<string>;
  machine: Machine;
  /** Where the lines of `-qtest` are written down. */
  qtestLog: string | undefined;
  snapshot: boolean;
  hasDefaults: boolean;
  /** Drives that the machine is to connect, and the options that they came from. */
  readonly connected: (AddedDrive & { readonly option: Option })[];
  /** Those that speak QMP, and human ones. */
  monitors: readonly Frontend[];
  /** A guest that is told to wait starts with `cont`. */
  waits: boolean;
  /** Whether the process is, or will be, in the background. */
  inBackground: boolean;
  pidfile: string | undefined;
}

/** The value of a structured option, JSON or not. Throws `CommandError`. */
export function parsed(value: string, implied?: string): WireObject {
  return value.startsWith('{') ? parseJsonOption(value) : parseKeyval(value, implied);
}
