/** What stands behind the percent signs of URIs. */
import { CommandError } from './command-error.ts';

/** The text that is meant; undefined where the bytes behind percent signs are no text. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The same; throws `CommandError` with this message where they are none. */
export function percentDecodedOr(text: string, message: string): string {
  const decoded = percentDecoded(text);
  if (decoded === undefined) throw new CommandError(message);
  return decoded;
}
