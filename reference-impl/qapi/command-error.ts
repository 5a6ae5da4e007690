/** How an operation of the endpoint is refused: an error class of QMP and a message for people. */

/** `QapiErrorClass` of the schema: what a client may tell errors apart by. */
export type ErrorClass =
  | 'GenericError'
  | 'CommandNotFound'
  | 'DeviceNotActive'
  | 'DeviceNotFound'
  | 'KVMMissingCap';

/** The one way for a command, and for what it calls, to fail: class and message become the error reply. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly errorClass: ErrorClass;

  constructor(message: string, errorClass: ErrorClass = 'GenericError') {
    super(message);
    this.errorClass = errorClass;
  }
}
