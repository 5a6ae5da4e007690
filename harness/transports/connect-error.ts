/** No connection came about. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** As given, in the form of a target address. */
  readonly address: string;
  /** The system's code (`ECONNREFUSED`), where there is one. */
  readonly code?: string;

  constructor(address: string, why: string, cause?: unknown) {
    super(`${address}: ${why}`, cause === undefined ? undefined : { cause });
    this.address = address;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    if (code !== undefined) this.code = code;
  }
}
