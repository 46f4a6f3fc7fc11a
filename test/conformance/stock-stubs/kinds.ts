import type { Kind } from "./kind.js";
import { MALFORMED_KINDS } from "./malformed-kinds.js";
import { ODD_KINDS } from "./odd-kinds.js";
import { VALID_KINDS } from "./valid-kinds.js";

/** Every kind of messages that is sent to the server, the valid ones first. */
export const KINDS: readonly Kind[] = [...VALID_KINDS, ...ODD_KINDS, ...MALFORMED_KINDS];
