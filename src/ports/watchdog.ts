/** Calls back when something does not happen in time. */
export interface Watchdog {
  /**
   * Starts a timeout. All timeouts of one watchdog last equally long.
   *
   * @param onTimeout - called once, when the time is over.
   * @returns a function that cancels the timeout; a second call of it does nothing.
   */
  watch(onTimeout: () => void): () => void;
}
