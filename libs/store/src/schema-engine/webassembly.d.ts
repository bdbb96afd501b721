/** The part of WebAssembly that is used here; its types come with the browser's, which have no place in Node. */
declare namespace WebAssembly {
  function compile(bytes: Uint8Array): Promise<object>
  function instantiate(module: object, imports: object): Promise<{ readonly exports: object }>
}
