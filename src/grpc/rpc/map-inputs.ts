import type { Input } from "../../core/vocabulary/input.js";
import type { MessageInputs } from "../../ports/runtime.js";

/** Returned instead of an input: the rest of the message is not read. */
export const END = Symbol("end");

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Turns the parts of a message into inputs, one by one.
 *
 * The natural way is a generator over the generator of the parts. But it creates a result object for each input, and
 * resumes twice: together a twentieth of what an input costs. This uses one result object for all inputs of a message,
 * which each call of `next` overwrites.
 */
export function mapInputs<T>(
  parts: Generator<T>,
  inputOf: (part: T) => Input | undefined | typeof END,
): MessageInputs {
  const result: { done: false; value: Input | undefined } = { done: false, value: undefined };
  return {
    next: () => {
      const part = parts.next();
      if (part.done) return DONE;
      const input = inputOf(part.value);
      if (input === END) return DONE;
      result.value = input;
      return result;
    },
  };
}
