import { WireError } from "ate-dispatcher-client/internal";

/** Decodes a rare message with the generated code. Throws {@link WireError} if it is malformed. */
export function decodeCold<T>(type: { decode(bytes: Uint8Array): T }, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new WireError(error instanceof Error ? error.message : "malformed");
  }
}
