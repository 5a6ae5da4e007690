/** Names that clients give to nodes, drives, devices, jobs and objects. */

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9._-]*$/;

/** Whether it is made of the characters that such a name may have. */
export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}
