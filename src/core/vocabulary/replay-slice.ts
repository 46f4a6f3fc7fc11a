import type { Deliver, Gap } from "./effect.js";

/** One slice of a replay; the gap is sent before the deliveries. */
export interface ReplaySlice {
  /** Deliveries that the log has evicted; undefined for none. */
  readonly gap: Gap | undefined;
  readonly deliveries: readonly Deliver[];
  /** First position of the next slice; above the replay's last position after the last slice. */
  readonly next: number;
}
