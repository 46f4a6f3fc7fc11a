/**
 * The ids that a principal may have. Policies give some texts a meaning of their own, so nobody may be called by them,
 * whoever issued the credentials.
 */

/** Limit of an id and of the name of a group, in bytes of UTF-8. */
export const MAX_ID_BYTES = 255;
/** Limit of the groups of one principal. */
export const MAX_GROUPS = 256;

/** Controls, line and paragraph separators, changes of direction, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * The grammar of SPIFFE: a trust domain and a path, whose segments are not dots alone. It has no `;`, `,` and `*`, so that an
 * id can neither hide another one in a header nor look like a pattern.
 */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

/** Where an id comes from, as far as its form depends on it. */
export interface IdForm {
  /** Whether the source may vouch for SPIFFE ids: a SAN URI or a trusted hop. */
  readonly maySpiffe: boolean;
}

/** Says what is wrong with an id, as a predicate such as "is empty"; undefined if it is valid. */
export function idProblem(id: unknown, { maySpiffe }: IdForm): string | undefined {
  const problem = nameProblem(id);
  if (problem !== undefined || typeof id !== "string") return problem;
  if (id === "*" || id === "anonymous") return "is reserved for policies";
  if (id.startsWith("group:")) return "begins with group:, which names groups in policies";
  if (maySpiffe && /^spiffe:/i.test(id)) return SPIFFE_ID.test(id) ? undefined : "is no SPIFFE id";
  if (!maySpiffe && /^spiffe:/i.test(id))
    return "begins with spiffe:, which only a certificate or a proxy may name";
  return undefined;
}

/** Says what is wrong with a list of groups, as {@link idProblem} does. */
export function groupsProblem(groups: unknown): string | undefined {
  if (!Array.isArray(groups)) return "are no list";
  if (groups.length > MAX_GROUPS) return `are more than ${MAX_GROUPS}`;
  for (const group of groups) {
    const problem = group === "*" ? "is reserved for policies" : nameProblem(group);
    if (problem !== undefined) return `have a name that ${problem}`;
  }
  return undefined;
}

function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return "is no text";
  if (name === "") return "is empty";
  // The text may be long: a byte is at least a third of a UTF-16 unit.
  if (name.length > MAX_ID_BYTES || Buffer.byteLength(name) > MAX_ID_BYTES) {
    return `is longer than ${MAX_ID_BYTES} bytes`;
  }
  return UNPRINTABLE.test(name) ? "holds control characters" : undefined;
}
