/** `query-version`, and the greeting that says the same: the version whose behaviour the reference reproduces. */
import type { Handler } from './handler.ts';

const VERSION = { qemu: { micro: 50, minor: 11, major: 2 }, package: '' };

/** As people read it. */
export const VERSION_TEXT = `${VERSION.qemu.major}.${VERSION.qemu.minor}.${VERSION.qemu.micro}`;

/** What the endpoint says first on a monitor: the version that the spec was taken from. */
export const GREETING = { QMP: { version: VERSION, capabilities: [] } };

export const queryVersion: Handler<'query-version'> = () => VERSION;
