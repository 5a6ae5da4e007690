/**
 * Buffers that begin where a page of memory does, as files that are open with `O_DIRECT` want them. Node's own begin
 * anywhere; the memory of WebAssembly is made of whole pages.
 */

/** As far as it is used here; it comes with the types of browsers alone. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Bytes that positions and lengths of direct requests are multiples of: enough for every disk of today. */
export const DIRECT_ALIGNMENT = 4096;

const WASM_PAGE = 0x10000;
/** Bytes of one buffer. */
const SIZE = 16 * WASM_PAGE;

/** Kept for later requests. */
const free: Uint8Array[] = [];

/** Has `work` use a buffer of one MiB that nobody else uses meanwhile; what is in it may be anything. */
export async function withAlignedBuffer<T>(work: (buffer: Uint8Array) => Promise<T>): Promise<T> {
  const buffer = free.pop() ?? new Uint8Array(new WebAssembly.Memory({ initial: SIZE / WASM_PAGE }).buffer);
  try {
    return await work(buffer);
  } finally {
    free.push(buffer);
  }
}
