import { join } from "node:path";
import { ROOT } from "../support/root.js";

export { ROOT };

/** The compiled files of this folder. */
export const COMPILED = join(ROOT, "dist-test/test/conformance");
