/** Calls back at a fixed period. */
export interface Ticker {
  /** @returns a function that stops the calls; a second call of it does nothing. */
  every(tick: () => void): () => void;
}
