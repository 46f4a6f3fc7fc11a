import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects all garbage now. An object that this event-loop turn has read through a WeakRef stays alive. */
export const collectGarbage = runInNewContext("gc") as () => void;
