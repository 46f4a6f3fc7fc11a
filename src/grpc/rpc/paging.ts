/**
 * Pages of a list (AIP-158). A page token holds the name of the list and the last key of the page before.
 */
import { type FieldViolation, invalid, type Refusal } from "../../core/vocabulary/reason.js";

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;

/** The paging fields of a request. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** "" on the last page. */
  readonly nextPageToken: string;
}

/** A page, or the reason why the request is rejected. */
export type PageOrRefusal<T> = { readonly page: Page<T> } | { readonly refusal: Refusal };

/**
 * Returns one page of a list.
 *
 * @param list - the name of the list. A token of another list is rejected.
 * @param after - returns the items behind a key, or all items for undefined.
 * @param keyOf - returns the key of an item.
 */
export function pageOf<T>(
  list: string,
  { pageSize, pageToken }: PageRequest,
  after: (key: string | undefined) => Iterable<T>,
  keyOf: (item: T) => string,
): PageOrRefusal<T> {
  const key = keyFrom(list, pageToken);
  const violations: FieldViolation[] = [];
  if (pageSize > MAX_PAGE_SIZE) {
    const description = `is ${pageSize}; use 1 to ${MAX_PAGE_SIZE}, or 0 for ${DEFAULT_PAGE_SIZE}`;
    violations.push({ field: "page_size", description });
  }
  if (key === null) {
    violations.push({
      field: "page_token",
      description: "is not a token of this list; start without a token",
    });
  }
  if (violations.length > 0 || key === null) return { refusal: invalid(violations) };
  const size = pageSize || DEFAULT_PAGE_SIZE;
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

/** Returns the key in a token; undefined without a token, null if the token is not one of this list. */
function keyFrom(list: string, token: string): string | undefined | null {
  if (token === "") return undefined;
  const [of, key] = Buffer.from(token, "base64url").toString().split(" ");
  return of === list && key !== undefined && tokenFor(list, key) === token ? key : null;
}
