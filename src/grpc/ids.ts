import { randomBytes, randomFillSync } from "node:crypto";

const POOL_BYTES = 4_096;
const RANDOM_BYTES = 10;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** A UUIDv7 (RFC 9562): sorts by its time, 74 bits of it are random. @param timeOfDayMs - since 1970. */
export function uuidV7(timeOfDayMs: number): string {
  if (used + RANDOM_BYTES > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used;
  used += RANDOM_BYTES;
  const hex = (i: number): string => HEX[pool[at + i] ?? 0] ?? "";
  const time = Math.floor(timeOfDayMs).toString(16).padStart(12, "0");
  const versioned = HEX[((pool[at] ?? 0) & 0x0f) | 0x70] ?? "";
  const variant = HEX[((pool[at + 2] ?? 0) & 0x3f) | 0x80] ?? "";
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-${versioned}${hex(1)}-${variant}${hex(3)}-` +
    `${hex(4)}${hex(5)}${hex(6)}${hex(7)}${hex(8)}${hex(9)}`
  );
}

/** An opaque name that no other process or session has: 16 hexadecimal digits. */
export function opaqueId(): string {
  return randomBytes(8).toString("hex");
}
