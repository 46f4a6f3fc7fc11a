/** Calls back when something has not happened in time. */
export interface Watchdog {
  /**
   * Watches for the one time span that this watchdog is for.
   *
   * @param tooLate - called once when it is over.
   * @returns stops watching; calling it again does nothing.
   */
  watch(tooLate: () => void): () => void;
}
