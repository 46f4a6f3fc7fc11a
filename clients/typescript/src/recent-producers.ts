import { RecentText } from "./recent-text.js";

/** So many are remembered. */
const COUNT = 64;

const producerIds: readonly RecentText[] = Array.from({ length: COUNT }, () => new RecentText());

/**
 * The id of the producer that was the so-and-so-manyth to be asked by the last request: those in a row are mostly
 * scattered to the same producers in the same order, and making their ids anew was the dearest part of an acceptance.
 */
export function recentProducer(index: number): RecentText | undefined {
  return producerIds[index];
}
