import { randomBytes } from "node:crypto";

/** Random hexadecimal digits that are drawn at once, and how many of them an id takes. */
const POOL_DIGITS = 8_192;
const ID_DIGITS = 19;
/** The variant of RFC 9562 in a digit whose two lower bits are random. */
const VARIANTS = ["8", "9", "a", "b"] as const;

/**
 * Mints request ids: UUIDv7 (RFC 9562), which sort by their time; 74 bits of each are random.
 *
 * Random digits are drawn for hundreds of ids at once, because drawing costs the same for one id as for all of them.
 */
export class RequestIds {
  private pool = "";
  private used = POOL_DIGITS;
  private latestMs = -1;
  private timePart = "";

  /** @param timeOfDayMs - milliseconds since 1970. */
  mint(timeOfDayMs: number): string {
    if (this.used + ID_DIGITS > POOL_DIGITS) {
      this.pool = randomBytes(POOL_DIGITS / 2).toString("hex");
      this.used = 0;
    }
    const { pool, used: at } = this;
    this.used += ID_DIGITS;
    const ms = Math.floor(timeOfDayMs);
    if (ms !== this.latestMs) {
      this.latestMs = ms;
      const time = ms.toString(16).padStart(12, "0");
      this.timePart = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    }
    const variant = VARIANTS[Number.parseInt(pool.charAt(at), 16) & 3] ?? "8";
    return `${this.timePart}${pool.slice(at + 1, at + 4)}-${variant}${pool.slice(at + 4, at + 7)}-${pool.slice(at + 7, at + ID_DIGITS)}`;
  }
}

/** An opaque name that no other process or session has: 16 hexadecimal digits. */
export function opaqueId(): string {
  return randomBytes(8).toString("hex");
}
