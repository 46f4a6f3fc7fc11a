/**
 * A process that serves one dispatcher after the other, for its parent: started anew for each scenario, without the
 * cost of a process each time. Told what to do over the channel of `child_process.fork`.
 */
import { createDispatcher, type DispatcherOptions, type DispatcherServer } from "ate-dispatcher";

/** What the parent says. */
export type HostCommand =
  | { readonly kind: "start"; readonly settings: DispatcherOptions }
  | { readonly kind: "drain" };

/** What the host answers. */
export type HostAnswer =
  | { readonly kind: "started"; readonly address: string }
  | { readonly kind: "drained"; readonly errors: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

const errors: string[] = [];
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields: Readonly<Record<string, unknown>>, message: string) => {
    const { err } = fields;
    errors.push(`${message}: ${err instanceof Error ? err.stack : String(err)}`);
  },
};

let dispatcher: DispatcherServer | undefined;

async function perform(command: HostCommand): Promise<HostAnswer> {
  if (command.kind === "start") {
    dispatcher = createDispatcher({ listen: ["127.0.0.1:0"], logger, ...command.settings });
    await dispatcher.start();
    return { kind: "started", address: dispatcher.addresses[0] ?? "" };
  }
  await dispatcher?.drain();
  return { kind: "drained", errors: errors.splice(0) };
}

process.on("message", (command: HostCommand) => {
  perform(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ kind: "failed", message: String(error) } satisfies HostAnswer),
  );
});
process.on("disconnect", () => process.exit(0));
