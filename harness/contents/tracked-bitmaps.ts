/**
 * What dirty bitmaps say of contents: what a node contained when its bitmap last was clean. With that an incremental
 * backup has to bring over at least what differs.
 */
import type { ContentsEffect } from '../../spec/effects/effects.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { ContentsModel } from './contents-model.ts';

export class BitmapEffects {
  readonly #model: ContentsModel;
  /** By `node/bitmap`; only of bitmaps that have recorded all since. */
  readonly #clean = new Map<string, { readonly bytes: Buffer; readonly losses: number }>();

  constructor(model: ContentsModel) {
    this.#model = model;
  }

  /** A command changed a bitmap of the node. */
  follow(effect: ContentsEffect, { node, name, disabled }: JsonObject): void {
    const key = `${String(node)}/${String(name)}`;
    const bytes = this.#model.bytesOf(String(node));
    const starts = effect === 'bitmap-added' && disabled !== true;
    const cleared = effect === 'bitmap-cleared' && this.#clean.has(key);
    if ((starts || cleared) && bytes !== null) this.cleaned(String(node), String(name), bytes);
    else this.drop(String(node));
  }

  /** The bitmap is clean when the node contains this. */
  cleaned(node: string, bitmap: string, bytes: Buffer): void {
    this.#clean.set(`${node}/${bitmap}`, { bytes, losses: this.#model.lossesOf(node) });
  }

  /** Null where it is not known, or the node changed without its bitmap being told. */
  cleanBytes(node: string, bitmap: string): Buffer | null {
    const clean = this.#clean.get(`${node}/${bitmap}`);
    return clean?.losses === this.#model.lossesOf(node) ? clean.bytes : null;
  }

  /** All bitmaps of the node: what they hold is not known any more. */
  drop(node: string): void {
    for (const key of this.#clean.keys()) if (key.startsWith(`${node}/`)) this.#clean.delete(key);
  }
}
