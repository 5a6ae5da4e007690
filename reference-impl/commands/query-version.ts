/** `query-version`, and the greeting that says the same: the version whose behaviour the reference reproduces. */
import type { Handler } from './handler.ts';

const VERSION = { qemu: { micro: 50, minor: 11, major: 2 }, package: '' };

/** What the endpoint says first on a monitor: the version that the spec was taken from. */
export const GREETING = { QMP: { version: VERSION, capabilities: [] } };

export const queryVersion: Handler<'query-version'> = () => VERSION;
