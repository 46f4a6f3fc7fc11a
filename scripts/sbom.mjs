// Writes a software bill of materials (CycloneDX 1.5, JSON) of what users install: one for the server with its client for
// TypeScript, one for the Go client, one for the Python client. Development dependencies are left out.
//
//   node scripts/sbom.mjs [folder]     default: sbom
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, "sbom"));
const read = (path) => readFileSync(join(root, path), "utf8");

mkdirSync(folder, { recursive: true });
const boms = { npm: npmBom(), go: goBom(), python: pythonBom() };
for (const [name, bom] of Object.entries(boms)) {
  const file = join(folder, `${name}.cdx.json`);
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`${file}: ${bom.components.length} components`);
}

/** What npm says, without development dependencies. `npm sbom --omit dev` also leaves out what both kinds use. */
function npmBom() {
  const all = JSON.parse(
    execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 64 * 1024 ** 2,
    }),
  );
  const { version } = JSON.parse(read("package.json"));
  const wanted = new Set(productionPackages().map((one) => `${one.name}@${one.version}`));
  const idOf = ({ name, group, version }) => `${group ? `${group}/` : ""}${name}@${version}`;
  const components = all.components.filter((one) => wanted.has(idOf(one)));
  const missing = [...wanted].filter((id) => !components.some((one) => idOf(one) === id));
  if (missing.length > 0)
    throw new Error(`npm sbom does not list ${missing.join(", ")}; run npm install first`);
  const own = all.metadata.component["bom-ref"];
  const kept = new Set([own, ...components.map((one) => one["bom-ref"])]);
  const dependencies = all.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
  // npm names the root component after its folder.
  const component = { ...all.metadata.component, name: "ate-dispatcher", version };
  return { ...all, metadata: { ...all.metadata, component }, components, dependencies };
}

/** The packages of the lockfile that the server and the client for TypeScript use at run time. */
function productionPackages() {
  const { packages } = JSON.parse(read("package-lock.json"));
  const seen = new Map();
  const visit = (path) => {
    const entry = packages[path];
    const place = entry.link ? entry.resolved : path;
    if (seen.has(place)) return;
    const { name, version, dependencies = {}, optionalDependencies = {} } = packages[place];
    seen.set(place, { name: name ?? place.slice(place.lastIndexOf("node_modules/") + 13), version });
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = locate(packages, place, needed);
      if (found !== undefined) visit(found);
      else if (needed in dependencies)
        throw new Error(`package-lock.json lacks ${needed}, which ${place} needs`);
    }
  };
  visit("");
  seen.delete("");
  // The client is a folder of this repository; npm lists it by the name of the folder.
  seen.delete("clients/typescript");
  return [...seen.values()];
}

/** The place of a package as Node finds it: in the folder of the one that needs it, or in one above. */
function locate(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (place in packages) return place;
    if (folder === "") return undefined;
  }
}

/** The modules of go.mod, which names indirect ones as well. */
function goBom() {
  const modules = [...read("clients/go/go.mod").matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name, version]) => ({
    ...{ type: "library", name, version, purl: `pkg:golang/${name}@${version}` },
  }));
  return bom("ate-dispatcher/clients/go", undefined, modules);
}

/** The packages of pyproject.toml, in the versions that are tested. */
function pythonBom() {
  const project = read("clients/python/pyproject.toml");
  const [, listed = ""] = /^dependencies = \[\n([\s\S]*?)^\]/m.exec(project) ?? [];
  const pinned = new Map(
    [...read("clients/python/requirements-dev.txt").matchAll(/^([\w.-]+)==(\S+)/gm)].map((m) => [m[1], m[2]]),
  );
  const components = [...listed.matchAll(/^\s*"([\w.-]+)([^"]*)"/gm)].map(([, name, range]) => {
    const version = pinned.get(name);
    if (version === undefined) throw new Error(`requirements-dev.txt does not pin ${name}`);
    const properties = [{ name: "ate-dispatcher:accepted-range", value: range }];
    return { type: "library", name, version, purl: `pkg:pypi/${name}@${version}`, properties };
  });
  return bom("ate-dispatcher-grpc", /^version = "(.*)"/m.exec(project)?.[1], components);
}

function bom(name, version, components) {
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    ...{ bomFormat: "CycloneDX", specVersion: "1.5", serialNumber: `urn:uuid:${randomUUID()}`, version: 1 },
    metadata: {
      timestamp: new Date().toISOString(),
      component: { type: "library", name, ...(version !== undefined && { version }) },
    },
    components: components.map((one) => ({ "bom-ref": one.purl, ...one })),
  };
}
