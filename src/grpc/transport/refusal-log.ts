/**
 * Says in the log which calls end with a status other than OK. It sees the status of each call as it is sent, whoever
 * made it: the core, the edge, or grpc-js.
 */
import { status as Code, type Metadata, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo, Status } from "ate-dispatcher-client/internal";
import { REASONS, type ReasonName } from "../../core/vocabulary/reason.js";
import type { ActivityLog } from "../../ports/activity.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";

type Call = ServerInterceptingCallInterface;

/**
 * Logs the status of a call if it is not OK.
 *
 * @param path - the method's path.
 * @param call - the call that grpc-js gives to the first interceptor.
 * @returns the same call.
 */
export function logRefusal(path: string, call: Call, log: ActivityLog, internals: GrpcJsInternals): Call {
  if (!log.isEnabled) return call;
  internals.replaceStatus(call, (status) => {
    const { code, details: text, metadata } = status;
    if (code !== undefined && code !== Code.OK) {
      const refusal = refusalIn(metadata);
      log.write("call refused", { method: path, peer: call.getPeer(), status: Code[code], ...refusal, text });
    }
    return status;
  });
  return call;
}

interface LoggedRefusal {
  readonly reason?: string;
  readonly code?: number;
  readonly fields?: readonly string[];
}

/** Reads the reason and the fields from the details of a status that this server made. */
function refusalIn(metadata: Partial<Metadata> | null | undefined): LoggedRefusal {
  const bytes = metadata?.get?.("grpc-status-details-bin")[0];
  if (!(bytes instanceof Uint8Array)) return {};
  try {
    return decode(bytes);
  } catch {
    // The status is sent all the same; the line has its code and its text.
    return {};
  }
}

function decode(bytes: Uint8Array): LoggedRefusal {
  const { details } = Status.decode(bytes);
  const detail = (type: string) => details.find(({ typeUrl }) => typeUrl.endsWith(`.${type}`))?.value;
  const [info, bad] = [detail("ErrorInfo"), detail("BadRequest")];
  if (!info) return {};
  const { reason } = ErrorInfo.decode(info);
  const fields = bad && BadRequest.decode(bad).fieldViolations.map(({ field }) => field);
  return {
    reason,
    ...(reason in REASONS && { code: REASONS[reason as ReasonName].code }),
    ...(fields && { fields }),
  };
}
