/**
 * The names in a transcript for what differs from host to host: `@DIR@`, ports, sockets. Put in on the way out,
 * taken out of what comes back.
 */
import type { Json } from '../../../spec/json.ts';
import { mapStrings } from '../../differ/map-strings.ts';
import { TEMPORARY_FILE } from '../../differ/normalisation-rules.ts';

/** Values of the host that a transcript names by placeholders, such as `@DIR@`. */
export class Placeholders {
  readonly #values = new Map<string, string>();

  /** `name` with its at signs. */
  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  /** The text with the host's own values. */
  fill(text: string): string {
    if (!text.includes('@')) return text;
    let filled = text;
    for (const [name, value] of this.#values) filled = filled.replaceAll(name, value);
    return filled;
  }

  fillAll(value: Json): Json {
    return mapStrings(value, (text) => this.fill(text));
  }

  /** The text with placeholders for the host's own values; numbers are replaced only where no digit touches them. */
  hide(text: string): string {
    let hidden = text;
    for (const [name, value] of this.#values)
      hidden = /^\d+$/.test(value)
        ? hidden.replace(new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g'), name)
        : hidden.replaceAll(value, name);
    return hidden.replace(TEMPORARY_FILE, '@TMPFILE@');
  }
}
