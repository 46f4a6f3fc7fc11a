/** All attacks, in the order in which they run. */
import type { Attack } from "../attack.js";
import { deepPatterns } from "./deep-patterns.js";
import { produceEmptyMessages, produceEmptyMessagesGzip } from "./produce-empty-messages.js";

export const ATTACKS: readonly Attack[] = [produceEmptyMessagesGzip, produceEmptyMessages, deepPatterns];

/** Finds an attack by its name. */
export function attackNamed(name: string): Attack {
  const found = ATTACKS.find((attack) => attack.name === name);
  if (!found) throw new Error(`there is no attack ${name}; --list names them`);
  return found;
}
