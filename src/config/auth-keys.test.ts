import { describe, expect, it } from "vitest";
import { ConfigError } from "./error.js";
import { completeConfig, loadConfig } from "./load.js";

/** The problems of settings that are set in the environment. */
function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  const named = Object.entries(environment).map(([name, value]) => [`ATE_DISPATCHER_${name}`, value]);
  try {
    loadConfig({ environment: Object.fromEntries(named) });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

const KEYS = { AUTH_JWT_JWKS_FILE: "/keys.json", POLICY_FILE: "/policy.yaml" };
const CLAIMS = { AUTH_JWT_ISSUER: "https://issuer.example", AUTH_JWT_AUDIENCE: "ate" };

describe("the settings of authentication", () => {
  it("are complete with keys, an issuer and an audience", () => {
    expect(problemsOf({ ...KEYS, ...CLAIMS })).toEqual([]);
  });

  it.each([
    [
      "keys without an issuer",
      { ...KEYS, AUTH_JWT_AUDIENCE: "ate" },
      "authJwtIssuer is none by default; is required",
    ],
    [
      "keys without an audience",
      { ...KEYS, AUTH_JWT_ISSUER: "x" },
      "authJwtAudience is none by default; is required",
    ],
    ["an issuer without keys", { AUTH_JWT_ISSUER: "x" }, 'authJwtIssuer is "x"; needs keys'],
    ["an audience without keys", { AUTH_JWT_AUDIENCE: "x" }, 'authJwtAudience is "x"; needs keys'],
    [
      "a file and a URL",
      { ...KEYS, ...CLAIMS, AUTH_JWT_JWKS_URL: "https://issuer.example/keys" },
      "and authJwtJwksUrl exclude each other",
    ],
    [
      "the algorithm none",
      { ...KEYS, ...CLAIMS, AUTH_JWT_ALGORITHMS: "ES256,none" },
      "use one or more of RS256",
    ],
    ["a shared secret", { ...KEYS, ...CLAIMS, AUTH_JWT_ALGORITHMS: "HS256" }, "use one or more of RS256"],
  ])("are refused with %s", (_, environment, problem) => {
    expect(problemsOf(environment)).toEqual([expect.stringContaining(problem)]);
  });

  it("take a list of algorithms", () => {
    const environment = { ATE_DISPATCHER_AUTH_JWT_ALGORITHMS: "ES256, EdDSA" };

    expect(loadConfig({ environment }).authJwtAlgorithms).toEqual(["ES256", "EdDSA"]);
  });

  it.each([
    "https://issuer.example/keys?p=1",
    "http://127.0.0.1:8080/keys",
    "http://[::1]/keys",
    "http://localhost/",
  ])("take the URL %s", (url) => {
    expect(problemsOf({ ...CLAIMS, AUTH_JWT_JWKS_URL: url, POLICY_FILE: "/policy.yaml" })).toEqual([]);
  });

  it.each([
    [
      "http to another machine",
      "http://issuer.example/keys?planted-secret",
      "http://issuer.example/keys?...",
    ],
    ["a password", "https://user:planted-secret@issuer.example/", "https://issuer.example/"],
    ["another scheme", "file:///planted-secret", "a value that is not shown"],
    ["no URL", "planted-secret", "a value that is not shown"],
  ])("refuse the URL with %s, and do not show what may be secret", (_, url, shown) => {
    const problems = problemsOf({ ...CLAIMS, AUTH_JWT_JWKS_URL: url });

    expect(problems).toEqual([
      `ATE_DISPATCHER_AUTH_JWT_JWKS_URL: authJwtJwksUrl is ${shown}; use a URL with https, or http on loopback, without a user and a password`,
    ]);
  });

  it("do not show a URL of the wrong type in code", () => {
    const options = { authJwtJwksUrl: { password: "planted-secret" } };

    expect(() => completeConfig(options)).toThrow(
      "authJwtJwksUrl is a value that is not shown; use a string",
    );
  });
});
