/**
 * Checks the documentation of the clients in other languages. Their programs need other toolchains and are run by the
 * clients' own tests; this file only reports which programs those are.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { BY_HAND } from "./conformance/by-hand.js";
import { loadScenarios } from "./conformance/load-scenarios.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A template of buf generate. */
interface Template {
  readonly version: string;
  readonly inputs: readonly { readonly directory: string }[];
  readonly plugins: readonly { readonly out: string }[];
}

describe("clients.md", () => {
  const guide = read("docs/clients.md");
  const templates = [...guide.matchAll(/^```yaml buf\.gen\.yaml\n(.*?)^```$/gms)].map(
    ([, text = ""]) => text,
  );

  it("names an existing scenario for every duty of a client", () => {
    const [, list = ""] = guide.split("## What a client has to do");
    const rows = list.match(/^\| (?!a client \|).+$/gm) ?? [];
    const named = rows.map((row) => /^\| .+ \| (?:`([^`]+)`|—) \|$/.exec(row) ?? [row, row]);
    const scenarios = [...loadScenarios(), ...BY_HAND].map(({ name }) => name);
    expect(named.length).toBeGreaterThan(40);
    expect(named.flatMap(([, name]) => name ?? []).filter((name) => !scenarios.includes(name))).toEqual([]);
  });

  it("shows buf templates whose folders exist", () => {
    expect(templates.length).toBe(4);
    for (const { version, inputs, plugins } of templates.map((text) => parse(text) as Template)) {
      expect(version).toBe("v2");
      for (const { directory } of inputs) expect(existsSync(join(ROOT, directory)), directory).toBe(true);
      for (const { out } of plugins) expect(out).toMatch(/^gen\//);
    }
  });

  it("shows the Java template as it is in the repository, except for its plugins", () => {
    const { plugins: _, ...rest } = parse(templates.find((text) => text.includes("java_package")) ?? "");
    expect(parse(read("buf.gen.java.yaml"))).toMatchObject(rest);
  });
});

describe("the dependency on grpc-js", () => {
  const versionIn = (path: string): string => JSON.parse(read(path)).dependencies["@grpc/grpc-js"];

  it("is pinned in the server, which uses internals of grpc-js, and a range in the client", () => {
    expect(versionIn("package.json")).toMatch(/^\d+\.\d+\.\d+$/);
    expect(versionIn("clients/typescript/package.json")).toMatch(/^\^\d+\.\d+\.\d+$/);
  });
});

describe("CONTRIBUTING.md", () => {
  it("states the pinned versions of buf and its plugins", () => {
    const [, section = ""] = read("CONTRIBUTING.md").split("## Generated code");
    const rows = [...section.matchAll(/^\| .* \| (.+), `(\S+)` \|$/gm)];
    expect(rows.length).toBe(4);
    for (const [row, plugins = "", file = ""] of rows) {
      for (const [version] of plugins.matchAll(/\d[\d.]+/g)) expect(read(file), row).toContain(version);
    }
    const { devDependencies } = JSON.parse(read("package.json"));
    expect(section).toContain(`buf itself is ${devDependencies["@bufbuild/buf"]}`);
  });
});

describe("the README", () => {
  it.each([
    ["python", "clients/python/tests/test_root_readme.py"],
    ["go", "clients/go/root_readme_test.go"],
    ["java", "clients/java/example/src/test/java/io/github/atedispatcher/example/ReadmeTest.java"],
  ])("has a program in %s that the tests of that client run", (language, test) => {
    const programs = [
      ...read("README.md").matchAll(new RegExp(`^\`\`\`${language}\n.*?^\`\`\`$(.*)`, "gms")),
    ];
    expect(programs.length).toBeGreaterThan(0);
    for (const [, rest = ""] of programs) expect(rest, "what it prints").toMatch(/^\n\n```text\n/);
    expect(read(test)).toContain(`\`\`\`${language}`);
    process.stderr.write(`NOT RUN HERE  the README's program in ${language}: ${test} runs it\n`);
  });
});

function read(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}
