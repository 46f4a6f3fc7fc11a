import { join } from "node:path";
import { ROOT } from "../support/root.js";

export { ROOT };

/** Where the files of this folder lie once compiled. */
export const COMPILED = join(ROOT, "dist-test/test/conformance");
