/** How each kind of work is measured. A new kind is a file here and a line below. */
import type { Measurement } from "../figures.js";
import type { Work } from "../work.js";
import { measureClosed } from "./closed.js";
import { measureIdle } from "./idle.js";
import { measureOpen } from "./open.js";
import type { Stage } from "./stage.js";
import { measureStalled } from "./stalled.js";
import { measureTtl } from "./ttl.js";

/** Takes one sample of a work. */
export function measureWork(work: Work, stage: Stage): Promise<Measurement> {
  switch (work.kind) {
    case "closed":
      return measureClosed(work, stage);
    case "open":
      return measureOpen(work, stage);
    case "idle":
      return measureIdle(work, stage);
    case "ttl":
      return measureTtl(work, stage);
    case "stalled":
      return measureStalled(work, stage);
  }
}
