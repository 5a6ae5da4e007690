/** A command that cannot be carried out: class and text of the error reply. */
export class Refusal extends Error {
  readonly errorClass: string;

  constructor(text: string, errorClass = 'GenericError') {
    super(text);
    this.errorClass = errorClass;
  }
}
