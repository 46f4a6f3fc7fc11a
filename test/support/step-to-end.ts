import type { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { Instant, SessionKey } from "../../src/core/vocabulary/model.js";

/** Applies an input and then the rest of its work, slice by slice. @returns the effects of all steps. */
export function stepToEnd(dispatcher: Dispatcher, input: Input, now: Instant): readonly Effect[] {
  const effects = [...dispatcher.step(input, now)];
  // The array grows while it is read: each slice may ask for another one.
  for (const effect of effects) {
    if (effect.kind === "continue") effects.push(...continueWork(dispatcher, effect.to, now));
  }
  return effects.filter(({ kind }) => kind !== "continue");
}

/** Does the next slice of a session's work. */
export function continueWork(dispatcher: Dispatcher, session: SessionKey, now: Instant): readonly Effect[] {
  return dispatcher.step({ kind: "workContinued", session }, now);
}
