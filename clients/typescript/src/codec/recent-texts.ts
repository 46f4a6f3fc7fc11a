import { RecentText } from "./recent-text.js";

/** Places among the producers of a request, of which each has a text of its own. */
const MAX_PRODUCERS = 64;

/** The texts that one connection reads again and again. */
export class RecentTexts {
  /** Topics of deliveries: those in a row are mostly of one topic. */
  readonly topics = new RecentText();
  /** Request ids of deliveries: those in a row are often of one request. */
  readonly requestIds = new RecentText();
  /** Topics of requests that producers are asked. */
  readonly requestTopics = new RecentText();
  private readonly producerIds: readonly RecentText[] = Array.from(
    { length: MAX_PRODUCERS },
    () => new RecentText(),
  );

  /**
   * The id of the producer at a position among the targets or outcomes of a request: requests in a row are mostly
   * scattered to the same producers in the same order, and making their ids again cost most of an acceptance.
   *
   * @returns undefined beyond the first 64 positions.
   */
  producerIdAt(index: number): RecentText | undefined {
    return this.producerIds[index];
  }
}
