import type { State } from "../state/state.js";
import { type Fact, type FactTopics, MAX_FACT_TOPICS } from "../vocabulary/fact.js";
import type { StepContext } from "./step-context.js";

/** Reports a fact to watchers. @param fact - called only if there is a watcher. */
export function observe(state: State, step: StepContext, fact: () => Fact): void {
  if (state.watcherCount > 0) step.effects.push({ kind: "observe", fact: fact() });
}

/** The topics of a fact. Costs nothing if there are many. @param count - the number of the topics. */
export function factTopics(topics: Iterable<string>, count: number): FactTopics {
  return count > MAX_FACT_TOPICS ? "MANY" : [...topics];
}
