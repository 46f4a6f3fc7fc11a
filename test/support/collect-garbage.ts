import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Collects all garbage now. What this turn of the event loop has looked at through a WeakRef outlives it. */
export const collectGarbage = runInNewContext("gc") as () => void;
