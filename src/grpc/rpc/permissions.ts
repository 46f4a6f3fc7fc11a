/**
 * Whether callers may do what their messages ask for.
 */
import { type Action, ALL_RIGHTS, type Rights } from "../../core/vocabulary/principal.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { ListenerView, ProducerView } from "../../core/vocabulary/views.js";

/** The pattern of a list that is not restricted to some topics. */
const ALL_TOPICS = ">";

/** Why an action is refused on one of these topics and patterns; undefined if it is allowed on all of them. */
export function firstRefusal(
  rights: Rights,
  action: Action,
  patterns: Iterable<string>,
): Refusal | undefined {
  for (const pattern of patterns) {
    const refused = rights.refusalOf(action, pattern);
    if (refused) return refused;
  }
  return undefined;
}

/** Why an action is refused on every topic; undefined if it is allowed on one. */
export function anyRefusal(rights: Rights, action: Action): Refusal | undefined {
  if (rights.allowsAny(action)) return undefined;
  return refusal(
    "NOT_ALLOWED",
    `the policy does not allow ${action} on any topic; ask for a rule that does`,
    {
      action,
    },
  );
}

/** Why a list may not be looked at. @param filter - the topic or pattern that restricts it; "" for none. */
export function lookRefusal(rights: Rights, filter: string): Refusal | undefined {
  return rights.refusalOf("introspect", filter || ALL_TOPICS);
}

/** A producer with the registrations that a caller may look at. */
export function seenProducer(view: ProducerView, rights: Rights): ProducerView {
  if (rights === ALL_RIGHTS) return view;
  const registrations = view.registrations.filter(({ topic }) => !rights.refusalOf("introspect", topic));
  return { ...view, registrations };
}

/** A listener with the topics that a caller may look at. */
export function seenListener(view: ListenerView, rights: Rights): ListenerView {
  if (rights === ALL_RIGHTS) return view;
  return { ...view, topics: view.topics.filter((topic) => !rights.refusalOf("introspect", topic)) };
}
