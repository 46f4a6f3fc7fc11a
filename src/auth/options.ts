/** Settings that say who may call. Without any source, everybody may. Every one has a default in the configuration schema. */
export interface AuthOptions {
  /** Path of the policy: what callers may do; "" for no policy, so that everybody may do everything. Default "". */
  readonly policyFile: string;
  /** A YAML file with the digests of static tokens. Default "": no static tokens. */
  readonly authTokensFile: string;
}
