import { RecentText } from "./recent-text.js";

/** The number of producer positions in a request that have a cache of their own. */
const MAX_PRODUCERS = 64;

/** Caches the strings that repeat on one connection. */
export class RecentTexts {
  /** Topics of deliveries. Consecutive deliveries mostly have the same topic. */
  readonly topics = new RecentText();
  /** Request ids of deliveries. Consecutive deliveries often belong to the same request. */
  readonly requestIds = new RecentText();
  /** Topics of the requests in assignments. */
  readonly requestTopics = new RecentText();
  private readonly producerIds: readonly RecentText[] = Array.from(
    { length: MAX_PRODUCERS },
    () => new RecentText(),
  );

  /**
   * The cache for the producer id at a position among the targets or outcomes of a request. Consecutive requests mostly
   * go to the same producers in the same order. Without the cache, creating their ids was most of the cost of decoding an
   * acceptance.
   *
   * @returns undefined beyond the first 64 positions.
   */
  producerIdAt(index: number): RecentText | undefined {
    return this.producerIds[index];
  }
}
