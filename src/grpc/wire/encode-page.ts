import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** Tags of the length-delimited fields 1 and 2. */
const ITEM_TAG = (1 << 3) | 2;
const TOKEN_TAG = (2 << 3) | 2;

/** A page of a list. */
export interface Page {
  /** The encoded items. */
  readonly items: readonly Uint8Array[];
  /** "" on the last page. */
  readonly nextPageToken: string;
}

/** Encodes a page. The responses of all lists have the same layout: the items in field 1, the token in field 2. */
export function encodePage({ items, nextPageToken }: Page): Uint8Array {
  const writer = new BinaryWriter();
  for (const item of items) writer.uint32(ITEM_TAG).bytes(item);
  if (nextPageToken !== "") writer.uint32(TOKEN_TAG).string(nextPageToken);
  return writer.finish();
}
