import type { State } from "../state/state.js";
import type { Fact } from "../vocabulary/fact.js";
import type { StepContext } from "./step-context.js";

/** Reports a fact to watchers. @param fact - called only if there is a watcher. */
export function observe(state: State, step: StepContext, fact: () => Fact): void {
  if (state.watcherCount > 0) step.effects.push({ kind: "observe", fact: fact() });
}
