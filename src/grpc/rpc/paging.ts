/**
 * Pages of a list (AIP-158): a token says behind which key the next page begins, and of which list it is.
 */
import { type FieldViolation, invalid, type Refusal } from "../../core/vocabulary/reason.js";

const DEFAULT_PAGE = 100;
const LARGEST_PAGE = 1_000;

/** The fields by which a page is asked for. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** "" at the end. */
  readonly nextPageToken: string;
}

/** A page, or why there is none. */
export type PageOrRefusal<T> = { readonly page: Page<T> } | { readonly refusal: Refusal };

/**
 * Takes a page.
 *
 * @param list - names the list; a token of another one is refused.
 * @param after - the list from behind a key on, or from the beginning for undefined.
 * @param keyOf - the key of an entry.
 */
export function pageOf<T>(
  list: string,
  { pageSize, pageToken }: PageRequest,
  after: (key: string | undefined) => Iterable<T>,
  keyOf: (item: T) => string,
): PageOrRefusal<T> {
  const key = keyFrom(list, pageToken);
  const violations: FieldViolation[] = [];
  if (pageSize > LARGEST_PAGE) {
    const description = `is ${pageSize}; use 1 to ${LARGEST_PAGE}, or 0 for ${DEFAULT_PAGE}`;
    violations.push({ field: "page_size", description });
  }
  if (key === null) {
    violations.push({ field: "page_token", description: "is not one that this list gave; begin without" });
  }
  if (violations.length > 0 || key === null) return { refusal: invalid(violations) };
  const size = pageSize || DEFAULT_PAGE;
  const items: T[] = [];
  let hasMore = false;
  for (const item of after(key)) {
    hasMore = items.length === size;
    if (hasMore) break;
    items.push(item);
  }
  const last = items.at(-1);
  const nextPageToken = hasMore && last !== undefined ? tokenFor(list, keyOf(last)) : "";
  return { page: { items, nextPageToken } };
}

function tokenFor(list: string, key: string): string {
  return Buffer.from(`${list} ${key}`).toString("base64url");
}

/** The key in a token; undefined for no token, null for a token that is none of this list's. */
function keyFrom(list: string, token: string): string | undefined | null {
  if (token === "") return undefined;
  const [of, key] = Buffer.from(token, "base64url").toString().split(" ");
  return of === list && key !== undefined && tokenFor(list, key) === token ? key : null;
}
