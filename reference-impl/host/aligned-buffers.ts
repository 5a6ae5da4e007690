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
/** More than Node has threads for files. Each memory of WebAssembly takes gigabytes of addresses, so that all are in one. */
const COUNT = 8;

let free: Uint8Array[] | undefined;
const waiting: ((buffer: Uint8Array) => void)[] = [];

/**
 * Has `work` use a buffer of one MiB that nobody else uses meanwhile, and waits while all are in use; what is in it may
 * be anything.
 */
export async function withAlignedBuffer<T>(work: (buffer: Uint8Array) => Promise<T>): Promise<T> {
  free ??= allBuffers();
  const buffer = free.pop() ?? (await new Promise<Uint8Array>((resolve) => waiting.push(resolve)));
  try {
    return await work(buffer);
  } finally {
    const next = waiting.shift();
    if (next) next(buffer);
    else free.push(buffer);
  }
}

function allBuffers(): Uint8Array[] {
  const { buffer } = new WebAssembly.Memory({ initial: (COUNT * SIZE) / WASM_PAGE });
  return Array.from({ length: COUNT }, (_, index) => new Uint8Array(buffer, index * SIZE, SIZE));
}
