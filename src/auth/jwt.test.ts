import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  AUDIENCE,
  createIssuer,
  ISSUER,
  keySetOf,
  pemOf,
  type TokenInit,
  unsigned,
} from "../../test/support/jwt-issuer.js";
import { type JwtOptions, JwtVerifier, type Verdict } from "./jwt.js";
import { type KeySet, parseKeySet } from "./key-set.js";

const NOW = Date.UTC(2030, 0, 1) / 1_000;
const OPTIONS: JwtOptions = {
  authJwtIssuer: ISSUER,
  authJwtAudience: AUDIENCE,
  authJwtAlgorithms: ["RS256", "ES256", "EdDSA"],
  authJwtPrincipalClaim: "sub",
  authJwtGroupsClaim: "groups",
};
const ADDRESS = "192.0.2.1";
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: "orders", exp: NOW + 3_600 };

const issuer = await createIssuer();
const stranger = await createIssuer();

function setOf(text: string): KeySet {
  const parsed = parseKeySet(text);
  if ("problems" in parsed) throw new Error(parsed.problems.join());
  return parsed.content;
}

/** A verifier whose keys and clock the test changes, and how often it used its keys. */
function verifier({ keys = keySetOf(issuer), options = OPTIONS } = {}) {
  let current: KeySet | undefined = setOf(keys);
  let next: KeySet | undefined;
  let now = NOW * 1_000;
  let verifyCount = 0;
  const counted = (set: KeySet | undefined): KeySet | undefined =>
    set && {
      digest: set.digest,
      find: (header, token) => {
        verifyCount++;
        return set.find(header, token);
      },
    };
  const source = {
    get current() {
      return counted(current);
    },
    newer: async () => {
      if (next) current = next;
      next = undefined;
      return counted(current);
    },
  };
  const jwt = new JwtVerifier(source, options, () => now);
  return {
    verify: async (token: string): Promise<Verdict> => jwt.verify(token, ADDRESS),
    jwt,
    setKeys: (text: string) => {
      current = setOf(text);
    },
    loseKeys: () => {
      current = undefined;
    },
    publish: (text: string) => {
      next = setOf(text);
    },
    passTime: (seconds: number) => {
      now += seconds * 1_000;
    },
    get verifyCount() {
      return verifyCount;
    },
  };
}

async function whyNot(token: string, options = OPTIONS): Promise<string> {
  const verdict = await verifier({ options }).verify(token);
  return "why" in verdict ? verdict.why : `accepted as ${verdict.principal.id}`;
}

describe("a JWT", () => {
  it.each(["RS256", "ES256", "EdDSA"])(
    "signed with %s names the principal, its groups and its end",
    async (alg) => {
      const signer = await createIssuer(alg);
      const token = await signer.token(NOW, { claims: { groups: ["traders", "ops", "ops"] } });

      expect(await verifier({ keys: keySetOf(signer) }).verify(token)).toEqual({
        principal: {
          id: "orders",
          source: "jwt",
          groups: ["traders", "ops"],
          expiresAt: (NOW + 3_600) * 1_000,
        },
        boundTo: undefined,
      });
    },
  );

  it.each<[string, TokenInit, string]>([
    ["another issuer", { claims: { iss: "https://other.example" } }, "the claim iss is missing or wrong"],
    ["no issuer", { claims: { iss: undefined } }, "the claim iss is missing or wrong"],
    ["another audience", { claims: { aud: "other" } }, "the claim aud is missing or wrong"],
    ["no audience", { claims: { aud: undefined } }, "the claim aud is missing or wrong"],
    ["no exp", { claims: { exp: undefined } }, "the claim exp is missing or wrong"],
    ["an exp that is a text", { claims: { exp: "tomorrow" } }, "the claim exp is missing or wrong"],
    ["an exp of 31 s ago", { expiresAt: NOW - 31 }, "the token has expired"],
    ["an nbf of 31 s from now", { claims: { nbf: NOW + 31 } }, "the claim nbf is missing or wrong"],
    ["no sub", { claims: { sub: undefined } }, "the claim sub is missing or wrong"],
    ["the sub *", { claims: { sub: "*" } }, "the id in the token is reserved for policies"],
    ["the sub anonymous", { claims: { sub: "anonymous" } }, "the id in the token is reserved for policies"],
    [
      "a sub like a group",
      { claims: { sub: "group:x" } },
      "the id in the token begins with group:, which names groups in policies",
    ],
    ["the sub 7", { claims: { sub: 7 } }, "the id in the token is no text"],
    ["a list as sub", { claims: { sub: ["orders"] } }, "the id in the token is no text"],
    ["an empty sub", { claims: { sub: "" } }, "the id in the token is empty"],
    ["a long sub", { claims: { sub: "x".repeat(256) } }, "the id in the token is longer than 255 bytes"],
    ["a control in the sub", { claims: { sub: "a\u0085b" } }, "the id in the token holds control characters"],
    [
      "half a character in the sub",
      { claims: { sub: "a\ud800" } },
      "the id in the token holds control characters",
    ],
    [
      "a SPIFFE id as sub",
      { claims: { sub: "spiffe://prod/ns/a" } },
      "the id in the token begins with spiffe:, which only a certificate or a proxy may name",
    ],
    ["a text as groups", { claims: { groups: "traders" } }, "the groups in the token are no list"],
    [
      "a number in the groups",
      { claims: { groups: [7] } },
      "the groups in the token have a name that is no text",
    ],
    [
      "a key that proves something else",
      { claims: { cnf: { jkt: "x" } } },
      "the token is bound to something other than a certificate",
    ],
    [
      "a cnf that is a text",
      { claims: { cnf: "x" } },
      "the token is bound to something other than a certificate",
    ],
    ["an unknown kid", { kid: "k2" }, "no key of the issuer fits the token"],
  ])("is refused with %s", async (_, init, why) => {
    expect(await whyNot(await issuer.token(NOW, init))).toBe(why);
  });

  it.each<[string, TokenInit]>([
    ["an exp of 29 s ago", { expiresAt: NOW - 29 }],
    ["an nbf of 30 s from now", { claims: { nbf: NOW + 30 } }],
    ["several audiences", { claims: { aud: ["other", AUDIENCE] } }],
    ["no kid", { kid: "" }],
    ["no groups", { claims: { groups: undefined } }],
    ["an exp that no calendar has", { expiresAt: 1e17 }],
  ])("is accepted with %s", async (_, init) => {
    expect(await whyNot(await issuer.token(NOW, init))).toBe("accepted as orders");
  });

  it.each([
    ["the algorithm none", unsigned({ alg: "none" }, CLAIMS), "the algorithm of the token is not allowed"],
    [
      "none and a kid",
      unsigned({ alg: "none", kid: "k1" }, CLAIMS, "AA"),
      "the algorithm of the token is not allowed",
    ],
    ["nOnE", unsigned({ alg: "nOnE", kid: "k1" }, CLAIMS, "AA"), "the algorithm of the token is not allowed"],
    ["no algorithm", unsigned({ kid: "k1" }, CLAIMS, "AA"), "the token is malformed"],
    ["parts that are no JSON", "AAAA.AAAA.AAAA", "the token is malformed"],
    [
      "a header that is critical",
      unsigned({ alg: "ES256", kid: "k1", crit: ["x"], x: 1 }, CLAIMS, "AA"),
      "the token cannot be verified",
    ],
    [
      "a key of its own",
      unsigned({ alg: "ES256", jwk: stranger.key }, CLAIMS, "AA"),
      "the signature of the token is wrong",
    ],
  ])("is refused with %s", async (_, token, why) => {
    expect(await whyNot(token)).toBe(why);
  });

  it.each(["pem", "jwk"])("is refused with HS256 and the public key as the secret: %s", async (form) => {
    const secret = form === "pem" ? pemOf(issuer.key) : JSON.stringify(issuer.key);
    const signed = unsigned({ alg: "HS256", kid: "k1" }, CLAIMS).slice(0, -1);
    const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;

    expect(await whyNot(token)).toBe("the algorithm of the token is not allowed");
  });

  it("is refused with the signature of another key", async () => {
    expect(await whyNot(await stranger.token(NOW))).toBe("the signature of the token is wrong");
  });

  it("is refused if somebody has changed a claim", async () => {
    const [header, , signature] = (await issuer.token(NOW)).split(".");
    const payload = Buffer.from(JSON.stringify({ ...CLAIMS, sub: "admin" })).toString("base64url");

    expect(await whyNot(`${header}.${payload}.${signature}`)).toBe("the signature of the token is wrong");
  });

  it("is refused with an algorithm that the settings do not name", async () => {
    const options = { ...OPTIONS, authJwtAlgorithms: ["RS256" as const] };

    expect(await whyNot(await issuer.token(NOW), options)).toBe("the algorithm of the token is not allowed");
  });

  it("may name its principal and its groups in other claims", async () => {
    const options = { ...OPTIONS, authJwtPrincipalClaim: "client_id", authJwtGroupsClaim: "roles" };
    const token = await issuer.token(NOW, { claims: { client_id: "quotes", roles: ["ops"] } });

    expect(await verifier({ options }).verify(token)).toMatchObject({
      principal: { id: "quotes", groups: ["ops"] },
    });
    expect(await whyNot(token, { ...OPTIONS, authJwtPrincipalClaim: "constructor" })).toBe(
      "the id in the token is no text",
    );
  });

  it("keeps the certificate that it is bound to", async () => {
    const token = await issuer.token(NOW, { claims: { cnf: { "x5t#S256": "digest" } } });

    expect(await verifier().verify(token)).toMatchObject({ boundTo: "digest" });
  });
});

describe("verified tokens", () => {
  it("are verified once, and again when their end has come", async () => {
    const keys = verifier();
    const token = await issuer.token(NOW, { expiresAt: NOW + 10 });
    for (let i = 0; i < 3; i++) expect(await keys.verify(token)).toHaveProperty("principal");
    expect(keys.verifyCount).toBe(1);
    expect(keys.jwt.verify(token, ADDRESS)).not.toBeInstanceOf(Promise);

    keys.passTime(10);
    expect(await keys.verify(token)).toHaveProperty("principal");
    expect(keys.verifyCount).toBe(2);
    keys.passTime(31);
    expect(await keys.verify(token)).toEqual({ why: "the token has expired" });
  });

  it("are verified once for all calls that wait", async () => {
    const keys = verifier();
    const token = await issuer.token(NOW);
    await Promise.all(Array.from({ length: 1_000 }, () => keys.verify(token)));

    expect(keys.verifyCount).toBe(1);
  });

  it("go with the key that signed them", async () => {
    const keys = verifier();
    const token = await issuer.token(NOW);
    await keys.verify(token);
    keys.setKeys(keySetOf(stranger));

    expect(await keys.verify(token)).toEqual({ why: "the signature of the token is wrong" });
  });

  it("are refused when the keys are too old to be used", async () => {
    const keys = verifier();
    const token = await issuer.token(NOW);
    await keys.verify(token);
    keys.loseKeys();

    expect(await keys.verify(token)).toEqual({ why: "the keys of the issuer are not known" });
  });

  it("may have been signed by a key that was just published", async () => {
    const next = await createIssuer("ES256", "k2");
    const keys = verifier();
    keys.publish(keySetOf(issuer, next));

    expect(await keys.verify(await next.token(NOW))).toMatchObject({ principal: { id: "orders" } });
  });

  it("do not wait without a bound, and one address leaves room for others", async () => {
    const { jwt } = verifier();
    const tokens = Array.from({ length: 101 }, (_, i) => unsigned({ alg: "ES256", kid: "k1" }, { i }, "AA"));
    const verdicts = tokens.map((token) => jwt.verify(token, ADDRESS));

    expect(verdicts.filter((verdict) => verdict instanceof Promise)).toHaveLength(100);
    expect(verdicts[100]).toEqual({ why: "too many tokens wait to be verified", isBusy: true });
    expect(jwt.verify(await issuer.token(NOW), "192.0.2.2")).toBeInstanceOf(Promise);
    await Promise.all(verdicts);
    expect(jwt.verify(tokens[0] ?? "", ADDRESS)).toBeInstanceOf(Promise);
  });
});

describe("a key set", () => {
  it.each([
    ["no JSON", "planted-secret", "is not JSON"],
    ["no object", "[]", "has no list of keys"],
    ["no list of keys", '{"keys":{}}', "has no list of keys"],
    ["a key that is a text", '{"keys":["planted-secret"]}', "has a key that is no object"],
    ["a private key", '{"keys":[{"kty":"OKP","d":"planted-secret"}]}', "has a private or a shared key"],
    ["a shared key", '{"keys":[{"kty":"oct","k":"planted-secret"}]}', "has a private or a shared key"],
    ["too many keys", JSON.stringify({ keys: Array(257).fill({}) }), "use at most 256"],
  ])("is refused with %s, and its text is not shown", (_, text, problem) => {
    const parsed = parseKeySet(text);

    expect(parsed).toEqual({ problems: [expect.stringContaining(problem)] });
    expect(JSON.stringify(parsed)).not.toContain("planted");
  });
});
