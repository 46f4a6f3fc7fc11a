import { readFileSync } from "node:fs";
import { createClient } from "ate-dispatcher-client";

const client = createClient({
  address: "127.0.0.1:50051",
  tls: { ca: readFileSync("ca.crt") }, // {} for the certificates that Node trusts
  token: () => readFileSync("token", "utf8").trim(), // or a fixed text
});

console.log((await client.introspect.serverInfo()).version);
