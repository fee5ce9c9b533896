/** What is used of WebAssembly here; Node's types leave it out. */
declare const WebAssembly: {
  Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

const WASM_PAGE_BYTES = 65_536;

/**
 * Memory that begins on a page, which direct I/O needs; Node's own buffers begin anywhere. What WebAssembly works in does, with
 * no addon. Where there is no address space for it, any memory: the file system then refuses direct I/O.
 */
export function alignedMemory(bytes: number): { memory: Buffer; isAligned: boolean } {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    return { memory: Buffer.from(buffer), isAligned: true };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { memory: Buffer.alloc(bytes), isAligned: false };
  }
}
