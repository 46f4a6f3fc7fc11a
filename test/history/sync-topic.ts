/** A topic that nobody asks on; to join it shows that all that was said before has arrived. */
export const SYNC_TOPIC = "sync";
