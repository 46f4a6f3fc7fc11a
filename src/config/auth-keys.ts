/**
 * The configuration keys that say who may call.
 */
import type { AuthOptions } from "../auth/options.js";
import { type Definition, file } from "./definition.js";

/** The keys of authentication. The compiler reports an option that is missing here. */
export const AUTH_KEYS: { readonly [K in keyof AuthOptions]: Definition<AuthOptions[K]> } = {
  policyFile: file(
    "YAML file with the policy: which principals may do what, on which topics",
    "Needed as soon as callers are authenticated; without authentication it says what anonymous callers may do.",
  ),
  authTokensFile: file(
    "YAML file with the digests of static tokens; with it, calls without valid credentials are UNAUTHENTICATED",
    "Without a source of identities everybody may call, as before.",
  ),
};
