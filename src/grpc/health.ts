import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** Reports through grpc.health.v1 whether the server accepts requests. */
export interface Health {
  /** Reports that the server no longer accepts requests. */
  notServing(): void;
}

/** Adds the health service, for the whole server ("") and for each service. */
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
