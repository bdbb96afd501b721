/** What the API shows and neither the store nor a command can tell: the world outside, as it is now. */
export interface Insight {
  /** Digests of the images on this machine; null while the engine does not answer. */
  images(): Promise<ReadonlySet<string> | null>
}
