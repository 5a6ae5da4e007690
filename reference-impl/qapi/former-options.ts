/** Names that options of drivers had before there was a schema. */
import type { JsonObject } from '../../spec/json.ts';

/** Options by names from before the schema, which it does not have: lists of text and `json:` names may say them. */
export interface FormerOptions {
  readonly names: readonly string[];
  /** Puts options of today in their place, of which `json:` names tell. Throws `CommandError`. */
  readonly renew: (options: JsonObject) => JsonObject;
}
