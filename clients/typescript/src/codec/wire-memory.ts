import { RecentTexts } from "./recent-texts.js";
import { SpareWriter } from "./spare-writer.js";
import { WireWriter } from "./writer.js";

/** What the messages of one connection share, so that it is not made for each of them. */
export class WireMemory {
  /** Texts that come again and again. */
  readonly texts = new RecentTexts();
  /** Writes messages of a known size; empty between two messages. */
  readonly writer = new WireWriter();
  /** Writes messages whose size shows at their end. */
  readonly spareWriter = new SpareWriter();
}
