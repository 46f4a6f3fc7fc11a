import type { Language } from "./languages.js";
import type { Cast } from "./troupe.js";

/** A different language in each role: every way to do that. */
export function mixedCasts([a, b, c]: readonly Language[]): readonly Cast[] {
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
export function castOf(language: Language): Cast {
  return { producers: language, listeners: language, requester: language };
}

/** `go`, or `go > python > typescript`: producers, listeners, requester. */
export function nameOf({ producers, listeners, requester }: Cast): string {
  const names = [producers.name, listeners.name, requester.name];
  return new Set(names).size === 1 ? producers.name : names.join(" > ");
}
