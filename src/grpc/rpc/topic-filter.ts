import { invalid, type Refusal } from "../../core/vocabulary/reason.js";
import { isPattern } from "../../core/vocabulary/topic.js";

const INVALID_TOPIC = invalid([
  {
    field: "topic",
    description:
      "is not a topic or pattern; use dot-separated tokens of A-Z a-z 0-9 _ -; with wildcards, at most 16 of them, and at most 4 *",
  },
]);

/** Why a list or a watch cannot be restricted to a topic or pattern; undefined if it can. "" restricts nothing. */
export function topicFilterRefusal(topic: string): Refusal | undefined {
  return topic === "" || isPattern(topic) ? undefined : INVALID_TOPIC;
}
