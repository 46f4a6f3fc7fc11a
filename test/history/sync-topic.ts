/** A topic without requests. Its confirmation shows that all earlier messages have arrived. */
export const SYNC_TOPIC = "sync";
