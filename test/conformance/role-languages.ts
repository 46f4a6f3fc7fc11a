import type { Language } from "./languages.js";
import type { RoleLanguages } from "./test-bed.js";

/** All combinations with a different language in each role. */
export function mixedLanguages([a, b, c]: readonly Language[]): readonly RoleLanguages[] {
  if (a === undefined || b === undefined || c === undefined) return [];
  const orders = [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ] as const;
  return orders.map(([producers, listeners, requester]) => ({ producers, listeners, requester }));
}

/** The same language in every role. */
export function sameLanguage(language: Language): RoleLanguages {
  return { producers: language, listeners: language, requester: language };
}

/** `go`, or `go > python > typescript` in the order producers, listeners, requester. */
export function nameOf({ producers, listeners, requester }: RoleLanguages): string {
  const names = [producers.name, listeners.name, requester.name];
  return new Set(names).size === 1 ? producers.name : names.join(" > ");
}
