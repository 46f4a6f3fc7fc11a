import { RecentText } from "./recent-text.js";

/** How many positions have a remembered id. */
const COUNT = 64;

const producerIds: readonly RecentText[] = Array.from({ length: COUNT }, () => new RecentText());

/**
 * Returns the cached producer id at a position of the target list.
 *
 * Decoding the ids into new strings was the most expensive part of reading an acceptance. Consecutive requests are
 * mostly scattered to the same producers in the same order, so the id at each position is compared with the last one
 * and reused.
 *
 * @param index - the position among the targets, from 0.
 * @returns undefined beyond the first 64 positions, whose ids are decoded.
 */
export function recentProducer(index: number): RecentText | undefined {
  return producerIds[index];
}
