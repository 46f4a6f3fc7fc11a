import type { Fact } from "./fact.js";
import type { State } from "./state.js";
import type { Turn } from "./turn.js";

/** Tells a fact to whoever watches. @param fact - made only if somebody does. */
export function observe(state: State, turn: Turn, fact: () => Fact): void {
  if (state.watcherCount > 0) turn.effects.push({ kind: "observe", fact: fact() });
}
