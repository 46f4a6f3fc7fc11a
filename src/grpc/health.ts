import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** Tells whether the server takes requests, by grpc.health.v1. */
export interface Health {
  /** Says that it does not any more. */
  notServing(): void;
}

/** Offers health of the server as a whole ("") and of each service. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const names = ["", ...services];
  const serving = Object.fromEntries(names.map((name) => [name, "SERVING" as const]));
  const health = new HealthImplementation(serving);
  health.addToServer(server);
  return {
    notServing: () => {
      for (const name of names) health.setStatus(name, "NOT_SERVING");
    },
  };
}
