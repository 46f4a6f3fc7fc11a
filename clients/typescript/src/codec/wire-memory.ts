import { RecentTexts } from "./recent-texts.js";
import { SpareWriter } from "./spare-writer.js";
import { WireWriter } from "./writer.js";

/** Caches and writers that all messages of one connection share. */
export class WireMemory {
  /** The strings that repeat. */
  readonly texts = new RecentTexts();
  /** Writes messages whose size is computed first. It is empty between two messages. */
  readonly writer = new WireWriter();
  /** Writes messages whose size is not known in advance. */
  readonly spareWriter = new SpareWriter();
}
