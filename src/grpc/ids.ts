import { randomBytes } from "node:crypto";

/** Random hexadecimal digits that are made at once, and those of them that an id takes. */
const POOL_DIGITS = 8_192;
const ID_DIGITS = 19;
/** The variant of RFC 9562 in a digit whose two lower bits are random. */
const VARIANTS = ["8", "9", "a", "b"] as const;

let pool = "";
let used = POOL_DIGITS;
let latestMs = -1;
let timePart = "";

/** A UUIDv7 (RFC 9562): sorts by its time, 74 bits of it are random. @param timeOfDayMs - since 1970. */
export function uuidV7(timeOfDayMs: number): string {
  if (used + ID_DIGITS > POOL_DIGITS) {
    pool = randomBytes(POOL_DIGITS / 2).toString("hex");
    used = 0;
  }
  const at = used;
  used += ID_DIGITS;
  const ms = Math.floor(timeOfDayMs);
  if (ms !== latestMs) {
    latestMs = ms;
    const time = ms.toString(16).padStart(12, "0");
    timePart = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  }
  const variant = VARIANTS[Number.parseInt(pool.charAt(at), 16) & 3] ?? "8";
  return `${timePart}${pool.slice(at + 1, at + 4)}-${variant}${pool.slice(at + 4, at + 7)}-${pool.slice(at + 7, at + ID_DIGITS)}`;
}

/** An opaque name that no other process or session has: 16 hexadecimal digits. */
export function opaqueId(): string {
  return randomBytes(8).toString("hex");
}
