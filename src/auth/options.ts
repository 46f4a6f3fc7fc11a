/** Settings that say who may call. Without any source, everybody may. Every one has a default in the configuration schema. */
export interface AuthOptions {
  /** A YAML file with the digests of static tokens. Default "": no static tokens. */
  readonly authTokensFile: string;
}
