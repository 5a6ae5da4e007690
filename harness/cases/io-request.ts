/** A request as a guest makes it. Bytes; a write has at most 32 MiB. */
export type IoRequest =
  | { readonly kind: 'read'; readonly offset: number; readonly length: number }
  | { readonly kind: 'write'; readonly offset: number; readonly length: number; readonly byte: number }
  /** `unmap`: it may leave a hole. */
  | {
      readonly kind: 'write-zeroes';
      readonly offset: number;
      readonly length: number;
      readonly unmap?: boolean;
    }
  | { readonly kind: 'discard'; readonly offset: number; readonly length: number }
  | { readonly kind: 'flush' };
