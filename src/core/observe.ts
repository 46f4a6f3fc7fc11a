import type { Fact } from "./fact.js";
import type { State } from "./state.js";
import type { StepContext } from "./step-context.js";

/** Tells a fact to whoever watches. @param fact - made only if somebody does. */
export function observe(state: State, step: StepContext, fact: () => Fact): void {
  if (state.watcherCount > 0) step.effects.push({ kind: "observe", fact: fact() });
}
