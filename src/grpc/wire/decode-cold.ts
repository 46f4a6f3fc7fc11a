import { WireError } from "ate-dispatcher-client/internal";

/** Reads a message that is rare by the generated code. Throws {@link WireError} if it is malformed. */
export function decodeCold<T>(type: { decode(bytes: Uint8Array): T }, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new WireError(error instanceof Error ? error.message : "malformed");
  }
}
