import { randomBytes } from "node:crypto";

/** The number of random hexadecimal digits that are generated at once. */
const POOL_DIGITS = 8_192;
/** The number of random digits in one id. */
const ID_DIGITS = 19;
/** The digits that encode the variant of RFC 9562; their two lower bits are random. */
const VARIANTS = ["8", "9", "a", "b"] as const;

/**
 * Generates request ids: UUIDv7 (RFC 9562), which sort by time. 74 bits of each are random.
 *
 * The natural way is to generate random bytes for each id, but a call of randomBytes costs the same for one id as for
 * hundreds. This generates the digits of hundreds of ids at once.
 */
export class RequestIds {
  private pool = "";
  private used = POOL_DIGITS;
  private latestMs = -1;
  private timePart = "";

  /** Generates an id. @param timeOfDayMs - milliseconds since 1970. */
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

/** Generates an id that is unique across processes and sessions: 16 random hexadecimal digits. */
export function opaqueId(): string {
  return randomBytes(8).toString("hex");
}
