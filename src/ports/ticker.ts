/** Calls back again and again. */
export interface Ticker {
  /** @returns stops calling; calling it again does nothing. */
  every(tick: () => void): () => void;
}
